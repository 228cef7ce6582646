"""Scores say whether their words found no difference; those that are stored keep their verdict."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0062_what_words_did")]

    operations = [
        migrations.AddField(
            "score",
            "finds_nothing",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="no better than guessing, and a retraining would be refused: nearly all or nearly no image "
                "is above",
            ),
        ),
    ]
