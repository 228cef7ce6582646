from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0017_random_slice_scores"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="leased_until",
            field=models.DateTimeField(blank=True, help_text="a worker trains it, and says so until then", null=True),
        ),
    ]
