"""The language that phrases are in, of studies, scores and levels of common words."""

from django.db import migrations, models

import annotations.models.study


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0032_how_phrases_were_written"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="vocabularylevel",
            options={"ordering": ["base_model", "target_class", "text_template", "language", "half"]},
        ),
        migrations.RemoveConstraint(
            model_name="vocabularylevel",
            name="vocabulary_level_once",
        ),
        migrations.AddField(
            model_name="score",
            name="language",
            field=models.CharField(db_default="en", default="en", help_text="that it was read in", max_length=10),
        ),
        migrations.AddField(
            model_name="study",
            name="phrase_language",
            field=models.CharField(
                choices=annotations.models.study.phrase_language_choices,
                db_default="en",
                default="en",
                help_text="in which people write; the data sets' encoder has to understand it",
                max_length=10,
                verbose_name="language of the phrases",
            ),
        ),
        migrations.AddField(
            model_name="vocabularylevel",
            name="language",
            field=models.CharField(db_default="en", default="en", help_text="of the words", max_length=10),
        ),
        migrations.AddConstraint(
            model_name="vocabularylevel",
            constraint=models.UniqueConstraint(
                fields=("base_model", "target_class", "text_template", "language", "half"), name="vocabulary_level_once"
            ),
        ),
    ]
