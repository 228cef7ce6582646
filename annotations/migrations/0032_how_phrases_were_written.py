from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0030_another_l2")]

    operations = [
        migrations.AddField(
            model_name="phrase",
            name="writing",
            field=models.JSONField(
                blank=True,
                help_text="how the words came into the field, as the page counted; null: it did not",
                null=True,
            ),
        ),
    ]
