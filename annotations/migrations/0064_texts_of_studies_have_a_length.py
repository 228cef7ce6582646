"""The introduction, the consent and the questions of a study have a length, as each text that a form takes."""

from django.db import migrations, models

from annotations.models.consent_texts import default_consent
from annotations.models.end_questions import validate_end_questions


class Migration(migrations.Migration):
    dependencies = [("annotations", "0063_scores_that_find_nothing")]

    operations = [
        migrations.AlterField("study", "consent_text", models.TextField(default=default_consent, max_length=20_000)),
        migrations.AlterField(
            "study",
            "end_questions",
            models.TextField(blank=True, max_length=20_000, validators=[validate_end_questions]),
        ),
        migrations.AlterField("study", "introduction", models.TextField(blank=True, max_length=20_000)),
    ]
