"""Who runs a study, for people to read before they consent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0029_pools")]

    operations = [
        migrations.AddField(
            model_name="study",
            name="researchers",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="names and institution of who runs the study, shown before consent",
                max_length=200,
                verbose_name="run by",
            ),
        ),
    ]
