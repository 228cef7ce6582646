"""What a page says of a field stands in one place; nothing that is stored changes."""

import django.core.validators
from django.db import migrations, models

import annotations.models.end_questions
import annotations.models.primary_measures


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0039_trained_rows"),
    ]

    operations = [
        migrations.AlterField(
            model_name="gathering",
            name="allow_unknown_licence",
            field=models.BooleanField(default=False, verbose_name="also images whose licence is not known"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="allow_unsafe",
            field=models.BooleanField(default=False, verbose_name="also images that are marked as unsafe"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="class_by",
            field=models.CharField(
                choices=[
                    ("zero_shot", "the encoder, by the class names"),
                    ("base_model", "the base model"),
                    ("none", "nothing: images of any class"),
                ],
                default="zero_shot",
                max_length=10,
                verbose_name="images are taken for the class by",
            ),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="class_threshold",
            field=models.FloatField(default=0.5, verbose_name="least probability of the class"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="duplicate_threshold",
            field=models.FloatField(default=0.98, verbose_name="near-duplicates are more similar than"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="minutes",
            field=models.PositiveIntegerField(
                default=60, help_text="of review, all reviewers together", verbose_name="minutes of review"
            ),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="n_candidates",
            field=models.PositiveIntegerField(default=100, verbose_name="candidates"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="n_known",
            field=models.PositiveIntegerField(default=20, verbose_name="hidden images whose label is known"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="n_random",
            field=models.PositiveIntegerField(default=100, verbose_name="pool images at random, to compare with"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="pseudo_labels",
            field=models.BooleanField(
                default=False, verbose_name="pseudo-labels: add candidates at which nobody looked"
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="alarm_webhook",
            field=models.URLField(blank=True, db_default="", default=""),
        ),
        migrations.AlterField(
            model_name="study",
            name="bonus_cents",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="bonus, in hundredths"),
        ),
        migrations.AlterField(
            model_name="study",
            name="completion_code",
            field=models.CharField(max_length=40),
        ),
        migrations.AlterField(
            model_name="study",
            name="completion_url",
            field=models.CharField(
                blank=True, default="https://app.prolific.com/submissions/complete?cc={code}", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="comprehension_check",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name="study",
            name="end_questions",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                validators=[annotations.models.end_questions.validate_end_questions],
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="external_study_id",
            field=models.CharField(blank=True, max_length=64, verbose_name="Prolific's study id"),
        ),
        migrations.AlterField(
            model_name="study",
            name="failed_check_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AlterField(
            model_name="study",
            name="failed_check_is_paid",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="study",
            name="keyword_display",
            field=models.CharField(
                choices=[
                    ("none", "not shown"),
                    ("before", "shown from the start"),
                    ("on_demand", "shown to whoever asks for them"),
                ],
                db_default="none",
                default="none",
                max_length=9,
                verbose_name="a machine's keywords",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="lease_minutes",
            field=models.PositiveIntegerField(
                db_default=90,
                default=90,
                validators=[
                    django.core.validators.MinValueValidator(5),
                    django.core.validators.MaxValueValidator(1440),
                ],
                verbose_name="place is held for, minutes",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="min_hourly_cents",
            field=models.PositiveIntegerField(
                db_default=900, default=900, verbose_name="least pay an hour, in hundredths"
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="new_concept_chance",
            field=models.FloatField(
                db_default=0.1,
                default=0.1,
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)],
                verbose_name="enough people, when a new idea is rarer than",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="no_consent_code",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name="study",
            name="only_verified",
            field=models.BooleanField(db_default=False, default=False, verbose_name="only verified entries"),
        ),
        migrations.AlterField(
            model_name="study",
            name="primary_measures",
            field=models.JSONField(
                blank=True,
                db_default=["own_gain", "best_error_score"],
                default=annotations.models.primary_measures.default_primary_measures,
                validators=[annotations.models.primary_measures.validate_primary_measures],
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="quota",
            field=models.PositiveIntegerField(
                blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)]
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="researcher_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AlterField(
            model_name="study",
            name="researchers",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="run by"),
        ),
        migrations.AlterField(
            model_name="study",
            name="restart_rule",
            field=models.CharField(
                choices=[
                    ("same_cell", "a new visit under the same condition"),
                    ("new_cell", "a new visit, allocated anew"),
                    ("refused", "not let in again"),
                ],
                db_default="same_cell",
                default="same_cell",
                max_length=10,
                verbose_name="after a return",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="retention_days",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="study",
            name="suggest_rewordings",
            field=models.BooleanField(default=False, verbose_name="suggest other wordings"),
        ),
    ]
