from django.db import migrations, models

import annotations.models.primary_measures


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0024_image_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="primary_measures",
            field=models.JSONField(
                blank=True,
                db_default=["own_gain", "best_error_score"],
                default=annotations.models.primary_measures.default_primary_measures,
                help_text="measures that are tested together, declared before opening; all others are exploratory",
                validators=[annotations.models.primary_measures.validate_primary_measures],
            ),
        ),
    ]
