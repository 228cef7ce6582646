"""A submission that came here with one person, and is another's on Prolific."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0029_name_who_works_and_whom_an_alarm_told")]
    operations = [
        migrations.AddField(
            model_name="submission",
            name="is_of_another",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Prolific names another person than the one who came with it",
            ),
        ),
    ]
