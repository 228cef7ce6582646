"""All that Clarify 0.17 stored, in one: it replaces the migrations of 0.10 to 0.17 (docs/decisions/0099)."""

import datetime
import re
import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import annotations.models.consent_texts
import annotations.models.end_questions
import annotations.models.participant
import annotations.models.primary_measures
import annotations.models.study
from annotations.migrations import _append_only

REPLACED = (
    "0001_datasets",
    "0002_studies",
    "0003_visits",
    "0004_phrases_and_runs",
    "0005_submissions_and_payments",
    "0006_staff_and_monitoring",
    "0007_log_and_releases",
    "0008_append_only",
    "0009_sealed_second_factors",
    "0010_seal_keys_of_studies",
    "0011_drop_plain_keys_of_studies",
    "0012_visit_budgets",
    "0013_controls_and_random_slices",
    "0014_vocabulary_levels",
    "0015_study_analyses",
    "0017_random_slice_scores",
    "0018_primary_measures",
    "0019_drawn_figures",
    "0023_run_leases",
    "0024_image_search",
    "0025_what_the_page_showed",
    "0026_deposits_of_releases",
    "0027_unrelated_words",
    "0028_keywords",
    "0029_pools",
    "0030_another_l2",
    "0032_how_phrases_were_written",
    "0033_researchers",
    "0034_phrase_languages",
    "0036_jobs_are_timed",
    "0037_schemes_of_studies",
    "0038_notes_and_removals",
    "0039_trained_rows",
    "0040_import_shards",
    "0043_schemes_in_plain_words",
    "0045_labels_said_once",
    "0047_limits_from_the_images",
    "0048_heads_are_files",
)


class Migration(migrations.Migration):
    replaces = [("annotations", name) for name in REPLACED]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AnnotationSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("submission_key", models.CharField(help_text="pseudonym of the submission", max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("participant", "Participant"),
                            ("expert", "Expert"),
                            ("preview", "Preview"),
                            ("simulated", "Simulated"),
                        ],
                        db_default="participant",
                        default="participant",
                        max_length=11,
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        choices=[
                            ("signed", "signed link"),
                            ("confirmed", "confirmed by Prolific's API"),
                            ("unverified", "Unverified"),
                            ("local", "not from Prolific"),
                        ],
                        db_default="unverified",
                        default="unverified",
                        max_length=10,
                    ),
                ),
                (
                    "order",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="which of the study's orders of tasks, from 0"
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("consent", "Consent"),
                            ("tutorial", "Tutorial"),
                            ("check", "Check"),
                            ("tasks", "Tasks"),
                            ("finished", "Finished"),
                            ("declined", "Declined"),
                            ("not_passed", "Not Passed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="consent",
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("completed", "Completed"),
                            ("no_consent", "No Consent"),
                            ("failed_check", "Failed Check"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("seed", models.BigIntegerField(help_text="seeds the samples of images this person is shown")),
                ("code_version", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("consented_at", models.DateTimeField(blank=True, null=True)),
                (
                    "looked_at",
                    models.DateTimeField(blank=True, help_text="found a wrong picture in the tutorial", null=True),
                ),
                ("tutorial_done_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="the person wants nothing of it to be used", null=True),
                ),
                (
                    "is_late",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="completed after its place was given to somebody else",
                    ),
                ),
                ("erased_at", models.DateTimeField(blank=True, help_text="only this row is left of it", null=True)),
                (
                    "sealed_withdrawal_token",
                    models.BinaryField(
                        blank=True,
                        default=annotations.models.participant.new_sealed_withdrawal_token,
                        help_text="opens its withdrawal page; sealed under IDENTITY_KEYS; empty once ids are destroyed",
                    ),
                ),
                ("n_screens", models.PositiveIntegerField(db_default=0, default=0)),
                ("n_replies", models.PositiveIntegerField(db_default=0, default=0)),
                ("n_starts", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "n_spans",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of its budget, as the next ones"),
                ),
                (
                    "n_refused",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="requests for which a budget was used up"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="BaseModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                (
                    "origin",
                    models.CharField(
                        choices=[("trained", "trained here on the features"), ("imported", "imported predictions")],
                        max_length=10,
                    ),
                ),
                (
                    "l2",
                    models.FloatField(
                        help_text="L2 coefficient of training and retraining",
                        validators=[django.core.validators.MinValueValidator(1e-12)],
                        verbose_name="strength of regularisation (λ)",
                    ),
                ),
                ("predictions", models.BinaryField(help_text="int32 per row of the data set, -1 where there is none")),
                (
                    "head",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="safetensors; empty for imported predictions",
                        max_length=64,
                        null=True,
                    ),
                ),
                (
                    "validation_accuracies",
                    models.JSONField(help_text="one per class, null where the class has no validation image"),
                ),
                (
                    "test_metrics",
                    models.JSONField(help_text="worst_group, average, average_plain, gap, accuracies, counts"),
                ),
                (
                    "training",
                    models.JSONField(
                        default=dict, help_text="loss, certified gap, versions, or the imported file's digest"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["dataset", "name"],
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=60)),
                ("show_suggestions", models.BooleanField(default=True, verbose_name="suggested words are shown")),
                ("suggest_rewordings", models.BooleanField(default=False, verbose_name="other wordings are suggested")),
                ("show_goal", models.BooleanField(default=True, verbose_name="the goal is shown")),
                (
                    "keyword_display",
                    models.CharField(
                        choices=[
                            ("none", "not shown"),
                            ("before", "shown from the start"),
                            ("on_demand", "shown to whoever asks for them"),
                        ],
                        db_default="none",
                        default="none",
                        help_text="the top 10 that manage.py rank_keywords found; what each person saw is recorded",
                        max_length=9,
                        verbose_name="a machine's keywords",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "position"],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pseudonym", models.CharField(help_text="a random one once the person is erased", max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["study", "created_at"],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("position", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("active", "Active"), ("ended", "Ended")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("first_deadline_at", models.DateTimeField(blank=True, null=True)),
                ("deadline_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "Done"),
                            ("time_over", "Time Over"),
                            ("study_closed", "Study Closed"),
                            ("withdrawn", "Withdrawn"),
                            ("skipped", "Skipped"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "keywords_seen_at",
                    models.DateTimeField(
                        blank=True, help_text="since when a machine's keywords have stood on its page", null=True
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="an expert's; of a class that was skipped, why"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["session", "position"],
            },
        ),
        migrations.AddField(
            model_name="annotationsession",
            name="condition",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="annotations.condition",
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agreed", models.BooleanField()),
                ("text", models.TextField(help_text="as it was shown")),
                ("version", models.PositiveIntegerField(help_text="of the study's configuration")),
                ("language", models.CharField(db_default="en", default="en", help_text="of the text", max_length=10)),
                ("answered_at", models.DateTimeField()),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            (
                                "class_equal",
                                "all classes count alike, and in a class the images with and without the phrase",
                            ),
                            (
                                "paper",
                                "as in the paper: in the class images with and without the phrase count alike, all others as usual",
                            ),
                            (
                                "mean_slices",
                                "images with the phrase, images without it and each other class count alike",
                            ),
                            (
                                "class_mass",
                                "each class counts by its size, and in it the images with and without the phrase alike",
                            ),
                        ],
                        default="class_equal",
                        max_length=12,
                    ),
                ),
                ("effects", models.JSONField(default=dict)),
                ("ablations", models.JSONField(default=list)),
                ("head", models.CharField(editable=False, help_text="safetensors", max_length=64, null=True)),
                ("loss", models.FloatField(null=True)),
                ("certified_gap", models.FloatField(null=True)),
                ("code_version", models.CharField(blank=True, max_length=40)),
                ("versions", models.JSONField(default=dict)),
                (
                    "review",
                    models.CharField(
                        choices=[("proposed", "Proposed"), ("approved", "Approved"), ("rejected", "Rejected")],
                        default="proposed",
                        max_length=8,
                    ),
                ),
                ("review_reason", models.TextField(blank=True)),
                ("reviewed_by", models.CharField(blank=True, max_length=150)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="annotations.basemodel",
                    ),
                ),
                (
                    "second_base_model",
                    models.ForeignKey(
                        blank=True,
                        help_text="of a second test set: a data set with the same classes and features",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annotations.basemodel",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Dataset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the images, labels, splits and encoders", max_length=64),
                ),
                ("directory", models.CharField(help_text="relative to DATA_ROOT", max_length=255)),
                ("class_names", models.JSONField(help_text="list of str, in the order of the labels")),
                (
                    "attribute_names",
                    models.JSONField(blank=True, default=list, help_text="list of str; empty without group attributes"),
                ),
                (
                    "similarity_encoder",
                    models.CharField(help_text="the encoder whose texts score phrases", max_length=255),
                ),
                (
                    "feature_encoder",
                    models.CharField(blank=True, help_text="empty where features came in a file", max_length=255),
                ),
                ("counts", models.JSONField(help_text="images in train, validation and test")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "problem",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="why workers cannot score phrases on it; empty while they can",
                    ),
                ),
            ],
            options={
                "verbose_name": "data set",
                "ordering": ["name", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="dataset_version_once"),
                    models.UniqueConstraint(fields=("name", "digest"), name="dataset_digest_once"),
                    models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="dataset_version_from_one"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Control",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "target_classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), help_text="the annotated classes, sorted", size=None
                    ),
                ),
                ("scheme", models.CharField(default="class_equal", max_length=12)),
                ("l2", models.FloatField(verbose_name="λ")),
                ("worst_group_accuracy", models.FloatField(help_text="on test, 0 to 1")),
                ("average_accuracy", models.FloatField(help_text="on test, groups weighted by their train counts")),
                ("plain_average_accuracy", models.FloatField(help_text="on test, images weighted equally")),
                ("robustness_gap", models.FloatField(help_text="average accuracy less worst-group accuracy")),
                ("group_accuracies", models.JSONField(help_text="test accuracy by group, null for an empty group")),
                (
                    "test_predictions",
                    models.CharField(
                        editable=False, help_text="int32 per test image, in the manifest's row order", max_length=64
                    ),
                ),
                (
                    "head",
                    models.CharField(
                        editable=False, help_text="safetensors: weight, bias, feature mean and deviation", max_length=64
                    ),
                ),
                ("loss", models.FloatField()),
                ("certified_gap", models.FloatField(help_text="bound on the loss above the optimum")),
                ("code_version", models.CharField(max_length=40)),
                (
                    "versions",
                    models.JSONField(default=dict, help_text="library versions of the worker that trained it"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "trained_rows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        blank=True,
                        help_text="classes whose rows are trained",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="controls",
                        to="annotations.basemodel",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="controls", to="annotations.dataset"
                    ),
                ),
            ],
            options={
                "ordering": ["dataset", "target_classes"],
            },
        ),
        migrations.AddField(
            model_name="basemodel",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="base_models",
                to="annotations.dataset",
                verbose_name="data set",
            ),
        ),
        migrations.CreateModel(
            name="DatasetImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("name", models.CharField(max_length=60)),
                ("folder", models.CharField(blank=True, help_text="relative to IMPORT_ROOT", max_length=255)),
                (
                    "archive",
                    models.CharField(
                        blank=True, help_text="relative to DATA_ROOT; removed when imported", max_length=255
                    ),
                ),
                ("source_format", models.CharField(blank=True, max_length=20)),
                ("similarity_encoder", models.CharField(blank=True, max_length=255)),
                ("train_base_model", models.BooleanField(default=True)),
                ("report", models.JSONField(default=dict, help_text="images listed, imported and left out, by reason")),
                (
                    "l2",
                    models.FloatField(
                        blank=True,
                        help_text="of the base model; without a source, of one more on `dataset`",
                        null=True,
                        verbose_name="λ",
                    ),
                ),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="annotations.dataset",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of a data set",
                "verbose_name_plural": "imports of data sets",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DeviceReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_uuid", models.UUIDField(help_text="of the page on which Start was pressed", null=True)),
                ("has_script", models.BooleanField()),
                ("images_load", models.BooleanField(null=True)),
                ("screen_width", models.PositiveIntegerField(help_text="of the window, in CSS pixels", null=True)),
                ("screen_height", models.PositiveIntegerField(help_text="of the window, in CSS pixels", null=True)),
                ("pixel_ratio", models.FloatField(null=True)),
                ("touch", models.BooleanField(help_text="the main pointer is a finger", null=True)),
                ("round_trip_ms", models.PositiveIntegerField(help_text="median of a few requests", null=True)),
                ("reported_at", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="device_reports",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="EndAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="of the question, from 1")),
                ("question", models.TextField(help_text="as it was shown")),
                (
                    "answer",
                    models.TextField(help_text="as typed, or the study's own wording of a choice", max_length=2000),
                ),
                (
                    "language",
                    models.CharField(
                        db_default="en", default="en", help_text="of the question as it was shown", max_length=10
                    ),
                ),
                ("answered_at", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="end_answers",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["session", "number"],
            },
        ),
        migrations.CreateModel(
            name="Gathering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "class_by",
                    models.CharField(
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
                ("class_threshold", models.FloatField(default=0.5, verbose_name="least probability of the class")),
                (
                    "duplicate_threshold",
                    models.FloatField(
                        blank=True,
                        help_text="Cosine similarity, at most 0.9999. Empty: it follows from the data set's own images.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(0.9999),
                        ],
                        verbose_name="near-duplicates are more similar than",
                    ),
                ),
                ("n_candidates", models.PositiveIntegerField(default=100, verbose_name="candidates")),
                (
                    "n_random",
                    models.PositiveIntegerField(default=100, verbose_name="pool images at random, to compare with"),
                ),
                ("n_known", models.PositiveIntegerField(default=20, verbose_name="hidden images whose label is known")),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        default=60, help_text="of review, all reviewers together", verbose_name="minutes of review"
                    ),
                ),
                (
                    "licences",
                    models.JSONField(default=list, help_text="those that are allowed; none: any that is known"),
                ),
                (
                    "allow_unknown_licence",
                    models.BooleanField(default=False, verbose_name="also images whose licence is not known"),
                ),
                (
                    "allow_unsafe",
                    models.BooleanField(default=False, verbose_name="also images that are marked as unsafe"),
                ),
                (
                    "pseudo_labels",
                    models.BooleanField(
                        default=False, verbose_name="pseudo-labels: add candidates at which nobody looked"
                    ),
                ),
                ("seed", models.BigIntegerField(default=0)),
                ("report", models.JSONField(default=dict)),
                ("items", models.JSONField(default=list)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gatherings",
                        to="annotations.basemodel",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GatheredTraining",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kept",
                    models.JSONField(default=dict, help_text="of each arm: [pool row, label, number of reviewers]"),
                ),
                ("minutes", models.JSONField(default=dict, help_text="of review, by arm")),
                ("table", models.JSONField(default=list)),
                ("code_version", models.CharField(blank=True, max_length=40)),
                ("versions", models.JSONField(default=dict)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annotations.dataset",
                    ),
                ),
                (
                    "gathering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trainings",
                        to="annotations.gathering",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImageIndex",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("directory", models.CharField(blank=True, help_text="relative to DATA_ROOT", max_length=255)),
                ("kind", models.CharField(blank=True, max_length=10)),
                ("recall", models.FloatField(help_text="measured; null for an exact index", null=True)),
                (
                    "duplicate_threshold",
                    models.FloatField(
                        help_text="similarity above which images are near-duplicates; null: the worker takes that of likeness",
                        null=True,
                    ),
                ),
                ("near_duplicates", models.JSONField(default=dict, help_text="n_looked_at, n_images, n_pairs, pairs")),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "likeness",
                    models.JSONField(
                        db_default={},
                        default=dict,
                        help_text="limit that follows from the images, n_looked_at, n_above: [limit, images]",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="image_indexes",
                        to="annotations.dataset",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "image indexes",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImageReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField(help_text="of the item")),
                ("reviewer", models.CharField(max_length=150)),
                (
                    "verdict",
                    models.CharField(choices=[("keep", "Keep"), ("drop", "Drop"), ("unsure", "Unsure")], max_length=6),
                ),
                ("label", models.PositiveIntegerField(help_text="class with which the image is kept", null=True)),
                ("seconds", models.FloatField(help_text="since the reviewer's last verdict, at most a minute")),
                ("reviewed_at", models.DateTimeField(auto_now_add=True)),
                (
                    "gathering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="annotations.gathering"
                    ),
                ),
            ],
            options={
                "ordering": ["gathering", "id"],
            },
        ),
        migrations.CreateModel(
            name="ImageSearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("words", models.CharField(blank=True, max_length=200)),
                (
                    "like",
                    models.JSONField(
                        default=list, help_text="images that results shall be like: [number of a data set, row]"
                    ),
                ),
                (
                    "unlike",
                    models.JSONField(default=list, help_text="images that results shall not be like, in the same way"),
                ),
                (
                    "rows",
                    models.JSONField(default=list, help_text="of the images that were found, the most similar first"),
                ),
                ("similarities", models.JSONField(default=list, help_text="of each, to the query")),
                ("is_exact", models.BooleanField(null=True)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="image_searches",
                        to="annotations.dataset",
                    ),
                ),
                (
                    "searched_in",
                    models.ForeignKey(
                        help_text="a pool in whose images the results lie; empty: the data set of the examples",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotations.dataset",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "image searches",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImportShard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "directory",
                    models.CharField(
                        help_text="of the data set that is imported, relative to DATA_ROOT", max_length=255
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(help_text="SHA-256 of the list of its images", max_length=64)),
                ("count", models.PositiveIntegerField(help_text="images")),
                (
                    "n_done",
                    models.PositiveIntegerField(
                        default=0, help_text="of them, embedded; all: what was made of them is whole"
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, help_text="the last one holds the lease")),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("directory", "number"), name="import_shard_once"),
                    models.CheckConstraint(
                        condition=models.Q(("n_done__lte", models.F("count"))), name="import_shard_done_at_most_whole"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeywordRanking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_class", models.PositiveIntegerField(help_text="label")),
                ("list_name", models.CharField(max_length=120)),
                (
                    "list_digest",
                    models.CharField(help_text="SHA-256 of the template and the keywords, one a line", max_length=64),
                ),
                ("text_template", models.TextField()),
                ("n_correct", models.PositiveIntegerField(help_text="of the class's validation images")),
                ("n_error", models.PositiveIntegerField(help_text="of the class's validation images")),
                ("n_keywords", models.PositiveIntegerField()),
                ("rows", models.JSONField()),
                ("settings", models.JSONField(help_text="encoder, permutations, seed, versions: to compute it again")),
                ("created_at", models.DateTimeField()),
                (
                    "retrained",
                    models.JSONField(
                        default=list,
                        help_text="what its best keyword by either score does, by scheme: slices, predictions on the class's test",
                    ),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keyword_rankings",
                        to="annotations.basemodel",
                    ),
                ),
            ],
            options={
                "ordering": ["base_model", "target_class", "list_name", "list_digest"],
            },
        ),
        migrations.AddField(
            model_name="annotationsession",
            name="participant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sessions", to="annotations.participant"
            ),
        ),
        migrations.CreateModel(
            name="Phrase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_uuid", models.UUIDField()),
                ("ordinal", models.PositiveIntegerField(help_text="1 for the first phrase of the assignment")),
                ("text", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("scored", "Scored"), ("failed", "Failed")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, help_text="times a worker took it up")),
                ("last_error", models.TextField(blank=True)),
                ("submitted_at", models.DateTimeField()),
                (
                    "moderation",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Unreviewed"),
                            ("approved", "Approved"),
                            ("flagged", "Flagged"),
                            ("hidden", "Hidden"),
                            ("excluded", "Excluded"),
                        ],
                        db_default="",
                        default="",
                        max_length=8,
                    ),
                ),
                ("moderation_reason", models.TextField(blank=True, db_default="", default="")),
                (
                    "keywords_seen",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="a machine's keywords that had stood on the page before it was submitted",
                    ),
                ),
                (
                    "writing",
                    models.JSONField(
                        blank=True,
                        help_text="how the words came into the field, as the page counted; null: it did not",
                        null=True,
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="phrases", to="annotations.assignment"
                    ),
                ),
            ],
            options={
                "ordering": ["assignment", "ordinal"],
            },
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "answer",
                    models.CharField(choices=[("yes", "Yes"), ("no", "No"), ("unsure", "Unsure")], max_length=6),
                ),
                ("answered_at", models.DateTimeField(help_text="when the person answered, by the server's clock")),
                (
                    "phrase",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="judgement", to="annotations.phrase"
                    ),
                ),
            ],
            options={
                "ordering": ["phrase"],
            },
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "name",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                (
                    "folder",
                    models.CharField(help_text="absolute, on the machine of the embedding worker", max_length=1000),
                ),
                ("encoder", models.CharField(max_length=255)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "removals",
                    models.JSONField(
                        db_default=[], default=list, help_text="images taken out, each time: why, by whom, when, rows"
                    ),
                ),
                (
                    "dataset",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pool",
                        to="annotations.dataset",
                    ),
                ),
            ],
            options={
                "verbose_name": "pool of images",
                "verbose_name_plural": "pools of images",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="gathering",
            name="pool",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gatherings",
                to="annotations.pool",
            ),
        ),
        migrations.CreateModel(
            name="PracticePhrase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_uuid", models.UUIDField()),
                ("ordinal", models.PositiveIntegerField(help_text="1 for the first phrase of the visit")),
                ("text", models.CharField(max_length=120)),
                ("value", models.FloatField(help_text="error score, 0 to 1", null=True)),
                ("submitted_at", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice_phrases",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["session", "ordinal"],
            },
        ),
        migrations.CreateModel(
            name="RandomSlices",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_class", models.PositiveIntegerField()),
                (
                    "n_above",
                    models.PositiveIntegerField(
                        help_text="train images of the class above each cut, on a grid of 1.25"
                    ),
                ),
                ("scheme", models.CharField(default="class_equal", max_length=12)),
                ("l2", models.FloatField(verbose_name="λ")),
                (
                    "seed",
                    models.BigIntegerField(
                        help_text="of the directions; made of the data set's digest, class and size"
                    ),
                ),
                ("worst_groups", models.JSONField(help_text="worst-group accuracy on test of each draw")),
                ("code_version", models.CharField(max_length=40)),
                (
                    "versions",
                    models.JSONField(default=dict, help_text="library versions of the worker that trained them"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "trained_rows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        blank=True,
                        help_text="classes whose rows are trained",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="random_slices",
                        to="annotations.basemodel",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="random_slices",
                        to="annotations.dataset",
                    ),
                ),
            ],
            options={
                "ordering": ["dataset", "target_class", "n_above"],
            },
        ),
        migrations.CreateModel(
            name="RandomSliceScores",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "values",
                    models.JSONField(help_text="error score of each draw's direction on the class's validation images"),
                ),
                ("code_version", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="random_slice_scores",
                        to="annotations.basemodel",
                    ),
                ),
                (
                    "random_slices",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="annotations.randomslices",
                    ),
                ),
            ],
            options={
                "ordering": ["random_slices", "base_model"],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("threshold", "Threshold"), ("judgement", "Judgement")], max_length=9),
                ),
                ("client_uuid", models.UUIDField(help_text="made where the person acted, and sent along each time")),
                (
                    "said",
                    models.CharField(
                        help_text="the answer, or the exact threshold; best: the automatic one", max_length=32
                    ),
                ),
                ("made_at", models.DateTimeField(help_text="when the person acted, by the server's clock")),
                ("received_at", models.DateTimeField()),
                ("took_effect", models.BooleanField(help_text="it came before every newer one")),
                (
                    "phrase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="annotations.phrase"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["phrase", "id"],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "annotation_digest",
                    models.CharField(
                        help_text="SHA-256 of class, text embedding, threshold, scheme and sign", max_length=64
                    ),
                ),
                ("target_class", models.PositiveIntegerField()),
                ("phrase_text", models.CharField(max_length=120, verbose_name="phrase")),
                (
                    "threshold",
                    models.FloatField(help_text="similarity threshold; null where the error score is 0", null=True),
                ),
                (
                    "is_chosen",
                    models.BooleanField(
                        default=False,
                        help_text="a person chose the threshold; primary analyses use the automatic one",
                        verbose_name="chosen threshold",
                    ),
                ),
                (
                    "sign",
                    models.SmallIntegerField(
                        db_default=1, default=1, help_text="of the similarity: -1 for a negation, otherwise 1"
                    ),
                ),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            (
                                "class_equal",
                                "all classes count alike, and in a class the images with and without the phrase",
                            ),
                            (
                                "paper",
                                "as in the paper: in the class images with and without the phrase count alike, all others as usual",
                            ),
                            (
                                "mean_slices",
                                "images with the phrase, images without it and each other class count alike",
                            ),
                            (
                                "class_mass",
                                "each class counts by its size, and in it the images with and without the phrase alike",
                            ),
                        ],
                        default="class_equal",
                        max_length=12,
                        verbose_name="how images count in retraining",
                    ),
                ),
                ("l2", models.FloatField(verbose_name="strength of regularisation (λ)")),
                ("min_slice_size", models.PositiveIntegerField(verbose_name="fewest images on either side")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="why it was refused or failed")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="times that a worker took it up")),
                ("n_above", models.PositiveIntegerField(null=True, verbose_name="training images that it selects")),
                (
                    "n_below",
                    models.PositiveIntegerField(
                        null=True, verbose_name="training images of the class that it does not select"
                    ),
                ),
                ("worst_group_accuracy", models.FloatField(help_text="on test, 0 to 1", null=True)),
                (
                    "average_accuracy",
                    models.FloatField(help_text="on test, groups weighted by their train counts", null=True),
                ),
                ("plain_average_accuracy", models.FloatField(help_text="on test, images weighted equally", null=True)),
                (
                    "robustness_gap",
                    models.FloatField(help_text="average accuracy less worst-group accuracy", null=True),
                ),
                (
                    "group_accuracies",
                    models.JSONField(help_text="test accuracy by group, null for an empty group", null=True),
                ),
                (
                    "test_predictions",
                    models.CharField(
                        editable=False,
                        help_text="int32 per test image, in the manifest's row order",
                        max_length=64,
                        null=True,
                    ),
                ),
                (
                    "head",
                    models.CharField(
                        editable=False,
                        help_text="safetensors: weight, bias, feature mean and deviation",
                        max_length=64,
                        null=True,
                    ),
                ),
                ("loss", models.FloatField(null=True)),
                ("certified_gap", models.FloatField(null=True, verbose_name="loss above the least one, at most")),
                ("code_version", models.CharField(blank=True, max_length=40, verbose_name="version of Clarify")),
                (
                    "versions",
                    models.JSONField(default=dict, help_text="library versions of the worker that trained it"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, help_text="a worker trains it, and says so until then", null=True),
                ),
                (
                    "trained_rows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        blank=True,
                        help_text="classes whose rows are trained",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="annotations.assignment"
                    ),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="annotations.basemodel"
                    ),
                ),
                (
                    "control",
                    models.ForeignKey(
                        help_text="the same without a phrase",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="annotations.control",
                    ),
                ),
                (
                    "random_slices",
                    models.ForeignKey(
                        help_text="of its class and size",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="annotations.randomslices",
                    ),
                ),
            ],
            options={
                "ordering": ["assignment", "id"],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.FloatField(help_text="error score, 0 to 1")),
                (
                    "threshold",
                    models.FloatField(
                        help_text="similarity threshold, exact float32; null where the value is 0", null=True
                    ),
                ),
                ("two_sided", models.FloatField(help_text="error score without regard to direction, 0 to 1")),
                ("two_sided_threshold", models.FloatField(help_text="threshold of the two-sided score", null=True)),
                ("n_correct", models.PositiveIntegerField()),
                ("n_error", models.PositiveIntegerField()),
                (
                    "p_value",
                    models.FloatField(
                        help_text="probability that a phrase unrelated to the errors scores as high, one-sided",
                        null=True,
                    ),
                ),
                (
                    "p_method",
                    models.CharField(
                        blank=True,
                        choices=[("exact", "Exact"), ("asymptotic", "Asymptotic")],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "tries",
                    models.PositiveIntegerField(
                        help_text="distinct phrases of the person in the class so far, this one included", null=True
                    ),
                ),
                (
                    "null_level",
                    models.FloatField(
                        help_text="score that the best of so many phrases unrelated to the errors stays at or below in 95%",
                        null=True,
                    ),
                ),
                ("sign", models.SmallIntegerField(db_default=1, default=1, help_text="-1 for a negation, otherwise 1")),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="what was embedded, before the template: the phrase without its negation",
                        max_length=120,
                    ),
                ),
                (
                    "similarities",
                    models.BinaryField(
                        help_text="float32 per validation image of the class, in the manifest's row order"
                    ),
                ),
                ("rendered_text", models.TextField(help_text="what was embedded: the phrase in the text template")),
                ("text_template", models.CharField(max_length=120)),
                ("text_embedding", models.BinaryField(help_text="float32 unit vector")),
                ("text_digest", models.CharField(help_text="SHA-256 of the text embedding's bytes", max_length=64)),
                (
                    "class_name_cosine",
                    models.FloatField(help_text="cosine of the phrase's and the class name's text embeddings"),
                ),
                ("encoder", models.CharField(max_length=255)),
                ("dataset_digest", models.CharField(max_length=64)),
                ("code_version", models.CharField(max_length=40)),
                (
                    "encode_ms",
                    models.FloatField(help_text="milliseconds the encoder took for the batch this phrase was in"),
                ),
                (
                    "rewordings",
                    models.JSONField(
                        default=list,
                        help_text="phrases of the vocabulary nearest in meaning, where the study suggests them",
                    ),
                ),
                ("scored_at", models.DateTimeField()),
                ("goal", models.FloatField(help_text="the study's goal, whether it was shown or not", null=True)),
                (
                    "goal_shown",
                    models.BooleanField(db_default=False, default=False, help_text="the page marked what is enough"),
                ),
                (
                    "guessing_level",
                    models.FloatField(
                        help_text="score that guessing reaches in all the tries that the task allows; the scale's first step",
                        null=True,
                    ),
                ),
                (
                    "level_shown",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="step of the worded scale on the page",
                        max_length=24,
                    ),
                ),
                (
                    "page_version",
                    models.PositiveSmallIntegerField(help_text="of the task page; null: earlier than 2", null=True),
                ),
                (
                    "language",
                    models.CharField(db_default="en", default="en", help_text="that it was read in", max_length=10),
                ),
                (
                    "phrase",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="score", to="annotations.phrase"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scores",
                        to="annotations.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GatheringPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_class", models.PositiveIntegerField()),
                ("threshold", models.FloatField()),
                (
                    "gathering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="annotations.gathering"
                    ),
                ),
                (
                    "score",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gathering_parts",
                        to="annotations.score",
                    ),
                ),
            ],
            options={
                "ordering": ["gathering", "target_class"],
            },
        ),
        migrations.CreateModel(
            name="CorrectionPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_class", models.PositiveIntegerField()),
                ("threshold", models.FloatField()),
                (
                    "by_hand",
                    models.BooleanField(
                        default=False, help_text="chosen by a person instead of by the highest error score"
                    ),
                ),
                (
                    "correction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="annotations.correction"
                    ),
                ),
                (
                    "score",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction_parts",
                        to="annotations.score",
                    ),
                ),
            ],
            options={
                "ordering": ["correction", "target_class"],
            },
        ),
        migrations.CreateModel(
            name="Span",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "client_uuid",
                    models.UUIDField(help_text="made by the browser: a span that is sent twice is stored once"),
                ),
                (
                    "opening",
                    models.UUIDField(
                        help_text="the opening of a page that it belongs to: tells tabs and reloads apart"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("visible", "Visible"),
                            ("idle", "Idle"),
                            ("hidden", "Hidden"),
                            ("offline", "Offline"),
                            ("waiting", "Waiting"),
                            ("enlarged", "Enlarged"),
                        ],
                        max_length=8,
                    ),
                ),
                ("image_key", models.CharField(blank=True, help_text="the image that was enlarged", max_length=24)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        help_text="on its pages",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spans",
                        to="annotations.assignment",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spans",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["session", "began_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Study",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slug",
                    models.SlugField(
                        help_text="appears in the participants' link",
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("de", "Deutsch")],
                        db_default="en",
                        default="en",
                        help_text="of the title, introduction, consent and questions that you write",
                        max_length=10,
                    ),
                ),
                (
                    "translations",
                    models.JSONField(
                        blank=True,
                        db_default={},
                        default=dict,
                        help_text="what is left empty is shown in the study's own language, and the page says so",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("closed", "Closed")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "introduction",
                    models.TextField(
                        blank=True, help_text="shown on the welcome page: what it is, how long, what it pays"
                    ),
                ),
                ("consent_text", models.TextField(default=annotations.models.consent_texts.default_consent)),
                ("external_study_id", models.CharField(blank=True, max_length=64, verbose_name="Prolific's study id")),
                (
                    "participant_parameter",
                    models.CharField(
                        default="PROLIFIC_PID",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                (
                    "study_parameter",
                    models.CharField(
                        default="STUDY_ID",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                (
                    "session_parameter",
                    models.CharField(
                        default="SESSION_ID",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[-a-zA-Z0-9_]+\\Z"),
                                "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                                "invalid",
                            )
                        ],
                    ),
                ),
                ("completion_code", models.CharField(max_length=40)),
                (
                    "completion_url",
                    models.CharField(
                        blank=True, default="https://app.prolific.com/submissions/complete?cc={code}", max_length=255
                    ),
                ),
                ("no_consent_code", models.CharField(blank=True, max_length=40)),
                ("comprehension_check", models.BooleanField(db_default=True, default=True)),
                ("failed_check_code", models.CharField(blank=True, db_default="", default="", max_length=40)),
                ("failed_check_is_paid", models.BooleanField(db_default=False, default=False)),
                (
                    "end_questions",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        validators=[annotations.models.end_questions.validate_end_questions],
                    ),
                ),
                (
                    "goal",
                    models.FloatField(
                        blank=True,
                        help_text="error score to aim at",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                    ),
                ),
                ("suggest_rewordings", models.BooleanField(default=False, verbose_name="suggest other wordings")),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("crowd", "people who come by the link"),
                            ("experts", "people who are logged in here"),
                        ],
                        db_default="crowd",
                        default="crowd",
                        max_length=8,
                    ),
                ),
                (
                    "task_order",
                    models.CharField(
                        choices=[
                            ("fixed", "as numbered"),
                            ("balanced", "balanced: each task comes equally often at each place"),
                        ],
                        db_default="fixed",
                        default="fixed",
                        max_length=8,
                        verbose_name="order of the tasks",
                    ),
                ),
                (
                    "quota",
                    models.PositiveIntegerField(
                        blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "restart_rule",
                    models.CharField(
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
                (
                    "lease_minutes",
                    models.PositiveIntegerField(
                        db_default=90,
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="place is held for, minutes",
                    ),
                ),
                (
                    "only_verified",
                    models.BooleanField(db_default=False, default=False, verbose_name="only verified entries"),
                ),
                (
                    "max_minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="Prolific's maximum time, minutes",
                    ),
                ),
                (
                    "reward_cents",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="reward, in hundredths"),
                ),
                ("currency", models.CharField(db_default="GBP", default="GBP", max_length=3)),
                (
                    "min_hourly_cents",
                    models.PositiveIntegerField(
                        db_default=900, default=900, verbose_name="least pay an hour, in hundredths"
                    ),
                ),
                ("researcher_code", models.CharField(blank=True, db_default="", default="", max_length=40)),
                (
                    "bonus_cents",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="bonus, in hundredths"),
                ),
                ("retention_days", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "new_concept_chance",
                    models.FloatField(
                        db_default=0.1,
                        default=0.1,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                        verbose_name="enough people, when a new idea is rarer than",
                    ),
                ),
                ("alarm_email", models.EmailField(blank=True, db_default="", default="", max_length=254)),
                ("alarm_webhook", models.URLField(blank=True, db_default="", default="")),
                (
                    "alarm_dropout",
                    models.FloatField(
                        db_default=0.4,
                        default=0.4,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                        verbose_name="alarm when this share drops out",
                    ),
                ),
                (
                    "alarm_failed_check",
                    models.FloatField(
                        db_default=0.3,
                        default=0.3,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                        verbose_name="alarm when this share fails the check",
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="how often the draft was saved since it was made",
                    ),
                ),
                (
                    "revised_by",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        help_text="user name of the last save",
                        max_length=150,
                    ),
                ),
                ("revised_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("opened_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "sealed_pseudonym_key",
                    models.BinaryField(
                        blank=True,
                        default=annotations.models.study.new_sealed_pseudonym_key,
                        help_text="sealed under IDENTITY_KEYS; empty once destroyed",
                    ),
                ),
                (
                    "primary_measures",
                    models.JSONField(
                        blank=True,
                        db_default=["own_gain", "best_error_score"],
                        default=annotations.models.primary_measures.default_primary_measures,
                        validators=[annotations.models.primary_measures.validate_primary_measures],
                    ),
                ),
                (
                    "keyword_display",
                    models.CharField(
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
                (
                    "researchers",
                    models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="run by"),
                ),
                (
                    "phrase_language",
                    models.CharField(
                        choices=annotations.models.study.phrase_language_choices,
                        db_default="en",
                        default="en",
                        help_text="in which people write; the data sets' encoder has to understand it",
                        max_length=10,
                        verbose_name="language of the phrases",
                    ),
                ),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            (
                                "class_equal",
                                "all classes count alike, and in a class the images with and without the phrase",
                            ),
                            (
                                "paper",
                                "as in the paper: in the class images with and without the phrase count alike, all others as usual",
                            ),
                            (
                                "mean_slices",
                                "images with the phrase, images without it and each other class count alike",
                            ),
                            (
                                "class_mass",
                                "each class counts by its size, and in it the images with and without the phrase alike",
                            ),
                        ],
                        db_default="class_equal",
                        default="class_equal",
                        help_text="how much the images with and without a phrase count",
                        max_length=12,
                        verbose_name="how images count in retraining",
                    ),
                ),
                (
                    "cloned_from",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="clones",
                        to="annotations.study",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "studies",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("number", models.PositiveIntegerField()),
                ("last_event", models.BigIntegerField(help_text="id of the newest event in it", null=True)),
                ("snapshot_at", models.DateTimeField(blank=True, null=True)),
                ("code_version", models.CharField(blank=True, max_length=40)),
                ("file", models.CharField(blank=True, help_text="relative to DATA_ROOT", max_length=255)),
                ("digest", models.CharField(blank=True, help_text="SHA-256 of the file", max_length=64)),
                ("size", models.BigIntegerField(help_text="bytes", null=True)),
                ("manifest", models.JSONField(default=dict)),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
                ("superseded_reason", models.TextField(blank=True)),
                (
                    "licence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("CC0-1.0", "CC0 1.0: no rights reserved"),
                            ("CC-BY-4.0", "CC BY 4.0: with attribution"),
                            ("CC-BY-SA-4.0", "CC BY-SA 4.0: with attribution, under the same licence"),
                            ("CC-BY-NC-4.0", "CC BY-NC 4.0: with attribution, not commercially"),
                            ("ODbL-1.0", "ODbL 1.0: databases, under the same licence"),
                        ],
                        db_default="",
                        default="",
                        help_text="how others may use the release",
                        max_length=20,
                    ),
                ),
                (
                    "doi",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="where an archive has reserved one for it, without https://doi.org/",
                        max_length=120,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^10\\.\\d{4,9}/\\S+$", "A DOI begins with 10., as in 10.5281/zenodo.1234."
                            )
                        ],
                        verbose_name="DOI",
                    ),
                ),
                (
                    "authors",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="whom to cite, one a line: “family name, given names”, or the name of a group",
                    ),
                ),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("configuration_digest", models.CharField(max_length=64)),
                ("n_people", models.PositiveIntegerField()),
                ("seed", models.BigIntegerField()),
                (
                    "report",
                    models.JSONField(default=dict, help_text="by person: persona, outcome, seconds, what went wrong"),
                ),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rehearsals", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begun_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(help_text="of the last one that came through", null=True)),
                ("n_submissions", models.PositiveIntegerField(default=0, help_text="that Prolific listed then")),
                ("error", models.TextField(blank=True, help_text="why the last one did not come through")),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconciliation",
                        to="annotations.study",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaymentBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "Prepared"),
                            ("sent", "asked of Prolific"),
                            ("unsure", "may have reached Prolific: somebody must look"),
                            ("paid", "Paid"),
                            ("exported", "handed out as a file"),
                            ("failed", "Failed"),
                        ],
                        default="prepared",
                        max_length=8,
                    ),
                ),
                (
                    "outside_id",
                    models.CharField(blank=True, help_text="Prolific's id of the bonus request", max_length=64),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_batches",
                        to="annotations.study",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "payment batches",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="participant",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="participants", to="annotations.study"
            ),
        ),
        migrations.CreateModel(
            name="IdentityKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pseudonym", models.CharField(help_text="of the participant", max_length=20)),
                ("sealed_key", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identity_keys",
                        to="annotations.study",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="gathering",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="gatherings", to="annotations.study"
            ),
        ),
        migrations.CreateModel(
            name="ForgottenSubmission",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("submission_key", models.CharField(max_length=20)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forgotten_submissions",
                        to="annotations.study",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("payload", models.JSONField(default=dict, help_text="never an outside id, an address or a name")),
                (
                    "sealed",
                    models.BinaryField(
                        help_text="personal text, as JSON under the person's IdentityKey: unreadable once that is destroyed",
                        null=True,
                    ),
                ),
                ("occurred_at", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="annotations.annotationsession",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="correction",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="annotations.study"
            ),
        ),
        migrations.AddField(
            model_name="condition",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="conditions", to="annotations.study"
            ),
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("actor", models.CharField(help_text="user name; “system” for a scheduled job", max_length=150)),
                ("act", models.CharField(max_length=40)),
                (
                    "subject",
                    models.CharField(blank=True, help_text="what it was done to, under its pseudonym", max_length=80),
                ),
                ("reason", models.TextField(blank=True)),
                ("detail", models.JSONField(default=dict, help_text="never an outside id")),
                ("occurred_at", models.DateTimeField(auto_now_add=True)),
                (
                    "study",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="audit_records",
                        to="annotations.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="annotationsession",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sessions", to="annotations.study"
            ),
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.PositiveSmallIntegerField()),
                (
                    "counts",
                    models.JSONField(
                        help_text="completed and live allocations of each cell just before, by “condition:order”"
                    ),
                ),
                ("seed", models.BigIntegerField(help_text="broke the tie among the least filled cells")),
                (
                    "state",
                    models.CharField(
                        choices=[("live", "Live"), ("completed", "Completed"), ("released", "Released")],
                        default="live",
                        max_length=9,
                    ),
                ),
                ("allocated_at", models.DateTimeField()),
                ("lease_expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, help_text="completed or released", null=True)),
                (
                    "release_reason",
                    models.CharField(
                        blank=True,
                        help_text="expired, returned, timed_out, failed_check, withdrawn, restarted, closed",
                        max_length=20,
                    ),
                ),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocation",
                        to="annotations.annotationsession",
                    ),
                ),
                (
                    "condition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="annotations.condition",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="annotations.participant",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "id"],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=30)),
                ("message", models.TextField()),
                ("raised_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("notified_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0, help_text="tries to tell the coordinator")),
                ("last_error", models.TextField(blank=True)),
                (
                    "channels_notified",
                    models.JSONField(db_default=[], default=list, help_text="of “email” and “webhook”"),
                ),
                ("acknowledged_by", models.CharField(blank=True, db_default="", default="", max_length=150)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, help_text="by the process that tells the coordinator", null=True),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="alarms", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["-raised_at"],
            },
        ),
        migrations.CreateModel(
            name="StudyAnalysis",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("study_state", models.CharField(help_text="of the study, when its rows were read", max_length=24)),
                ("content", models.BinaryField(null=True)),
                ("code_version", models.CharField(blank=True, max_length=40)),
                ("figures", models.BinaryField(null=True)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="analyses", to="annotations.study"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "study analyses",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="StudyConfiguration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("data", models.JSONField()),
                ("digest", models.CharField(help_text="SHA-256 of the data as canonical JSON", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="configurations",
                        to="annotations.study",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "version"],
            },
        ),
        migrations.AddField(
            model_name="annotationsession",
            name="configuration",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="annotations.studyconfiguration",
            ),
        ),
        migrations.CreateModel(
            name="StudyMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(choices=[("coordinator", "Coordinator"), ("analyst", "Analyst")], max_length=11),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="annotations.study"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="study_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["study", "id"],
            },
        ),
        migrations.CreateModel(
            name="StudyOnProlific",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outside_id", models.CharField(help_text="Prolific's study id that this was said of", max_length=64)),
                ("status", models.CharField(help_text="Prolific's word", max_length=40)),
                ("told_at", models.DateTimeField(help_text="when it was so, by Prolific's clock")),
                ("noted_at", models.DateTimeField(help_text="when it was heard here last, by our clock")),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="on_prolific", to="annotations.study"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "studies on Prolific",
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("submission_key", models.CharField(help_text="pseudonym of the submission", max_length=20)),
                ("pseudonym", models.CharField(help_text="of the participant", max_length=20)),
                ("sealed_ids", models.BinaryField(help_text="null once destroyed", null=True)),
                (
                    "status",
                    models.CharField(
                        blank=True, default="", help_text="Prolific's word; empty: not known", max_length=40
                    ),
                ),
                ("status_changed_at", models.DateTimeField(blank=True, help_text="by Prolific's clock", null=True)),
                ("started_at", models.DateTimeField(blank=True, help_text="on Prolific", null=True)),
                ("completed_at", models.DateTimeField(blank=True, help_text="on Prolific", null=True)),
                (
                    "entered_code",
                    models.CharField(
                        blank=True, default="", help_text="completion code that Prolific got", max_length=64
                    ),
                ),
                ("reward_cents", models.PositiveIntegerField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, help_text="last told of by Prolific", null=True)),
                (
                    "is_of_another",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Prolific names another person than the one who came with it",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submission",
                        to="annotations.annotationsession",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="submissions", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "id"],
            },
        ),
        migrations.CreateModel(
            name="ProlificRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "act",
                    models.CharField(
                        help_text="approve, complete, request_return, screen_out, reject, unreject, message, pause_study …",
                        max_length=30,
                    ),
                ),
                ("detail", models.JSONField(default=dict, help_text="message, category, code; never an outside id")),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("done", "Done"), ("failed", "Failed")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(help_text="not tried before this")),
                ("last_error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prolific_requests",
                        to="annotations.study",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="annotations.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(help_text="why: the bonus rule's name, or “by hand”", max_length=60)),
                ("reason", models.TextField(help_text="in a sentence, with the numbers that it rests on")),
                ("amount_cents", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("idempotency_key", models.CharField(max_length=80)),
                (
                    "withheld_reason",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="why a coordinator decided not to pay it; empty: it is owed",
                    ),
                ),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="annotations.paymentbatch",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="annotations.study"
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="annotations.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "id"],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(default=1)),
                (
                    "target_class",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="number of the class, from 0; empty: the class with the highest error rate, fixed at opening",
                        null=True,
                    ),
                ),
                ("text_template", models.CharField(default="an image of a {phrase}", max_length=120)),
                (
                    "suggested_words",
                    models.TextField(
                        blank=True,
                        help_text="shown to every participant as a start, one suggestion a line; empty: none are shown",
                    ),
                ),
                ("min_phrases", models.PositiveIntegerField(default=1, verbose_name="least phrases")),
                ("max_phrases", models.PositiveIntegerField(default=20, verbose_name="most phrases")),
                (
                    "time_limit_s",
                    models.PositiveIntegerField(
                        blank=True,
                        default=600,
                        help_text="empty: no clock, for experts alone",
                        null=True,
                        verbose_name="time limit, seconds",
                    ),
                ),
                (
                    "keywords",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="shown where the study or a condition says so, one a line; empty: the top 10 of the newest list that is ranked on the class, fixed at opening",
                        verbose_name="a machine's keywords",
                    ),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="annotations.basemodel"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "position"],
            },
        ),
        migrations.AddField(
            model_name="assignment",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="annotations.task"
            ),
        ),
        migrations.CreateModel(
            name="ThresholdChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "threshold",
                    models.FloatField(help_text="exact float32; null: put back to the automatic one", null=True),
                ),
                ("chosen_at", models.DateTimeField(help_text="when the person chose, by the server's clock")),
                (
                    "phrase",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="threshold_choice",
                        to="annotations.phrase",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="threshold_choices",
                        to="annotations.run",
                    ),
                ),
            ],
            options={
                "ordering": ["phrase"],
            },
        ),
        migrations.CreateModel(
            name="TotpDevice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="The human-readable name of this device.", max_length=64)),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                (
                    "throttling_failure_timestamp",
                    models.DateTimeField(
                        blank=True,
                        default=None,
                        help_text="A timestamp of the last failed verification attempt. Null if last attempt succeeded.",
                        null=True,
                    ),
                ),
                (
                    "throttling_failure_count",
                    models.PositiveIntegerField(default=0, help_text="Number of successive failed attempts."),
                ),
                ("sealed_secret", models.BinaryField(help_text="sealed under the site's IDENTITY_KEYS")),
                (
                    "drift",
                    models.SmallIntegerField(
                        default=0, help_text="half minutes that the app's clock is known to be early"
                    ),
                ),
                (
                    "last_step",
                    models.BigIntegerField(
                        default=-1, help_text="half minutes since 1970 of the last code that was used"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        help_text="The user that this device belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="VocabularyLevel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_class", models.PositiveIntegerField()),
                ("text_template", models.CharField(max_length=120)),
                (
                    "half",
                    models.CharField(
                        blank=True, default="", help_text="seed of the scoring half; empty: all", max_length=80
                    ),
                ),
                ("n_correct", models.PositiveIntegerField()),
                ("n_error", models.PositiveIntegerField()),
                (
                    "level",
                    models.FloatField(
                        help_text="error score that one word in twenty passes; null: too few images", null=True
                    ),
                ),
                ("negated_level", models.FloatField(help_text="the same for “no …”", null=True)),
                ("scores", models.BinaryField(help_text="float64 per word of the list")),
                ("negated_scores", models.BinaryField(help_text="the same for “no …”")),
                (
                    "words_digest",
                    models.CharField(blank=True, help_text="SHA-256 of the list, one word a line", max_length=64),
                ),
                ("n_words", models.PositiveIntegerField(default=0)),
                (
                    "n_distinct",
                    models.PositiveIntegerField(default=0, help_text="common words that the encoder tells apart"),
                ),
                ("code_version", models.CharField(max_length=40)),
                (
                    "versions",
                    models.JSONField(default=dict, help_text="library versions of the worker that scored them"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("language", models.CharField(db_default="en", default="en", help_text="of the words", max_length=10)),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vocabulary_levels",
                        to="annotations.basemodel",
                    ),
                ),
            ],
            options={
                "ordering": ["base_model", "target_class", "text_template", "language", "half"],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=100, unique=True)),
                ("event_type", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField(help_text="by Prolific's clock")),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("status", models.CharField(blank=True, max_length=40)),
                (
                    "effect",
                    models.CharField(
                        help_text="applied, older, unknown_submission, unknown_study, ignored", max_length=40
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="annotations.submission",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "ordering": ["-received_at"],
            },
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("queue", models.CharField(max_length=40)),
                ("process", models.CharField(help_text="host and process id", max_length=120)),
                ("started_at", models.DateTimeField()),
                ("heartbeat_at", models.DateTimeField()),
                ("code_version", models.CharField(blank=True, db_default="", default="", max_length=40)),
                (
                    "device",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="that trains and encodes", max_length=80
                    ),
                ),
                (
                    "memory",
                    models.BigIntegerField(help_text="bytes of the process in memory, at the most so far", null=True),
                ),
            ],
            options={
                "ordering": ["queue", "process"],
                "constraints": [models.UniqueConstraint(fields=("queue", "process"), name="worker_heartbeat_once")],
            },
        ),
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="what it is for, as its person says", max_length=60)),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the token, which is 256 random bits", max_length=64, unique=True
                    ),
                ),
                ("is_verified", models.BooleanField(help_text="whether the sign-in that made it had a second factor")),
                (
                    "sign_in_hash",
                    models.CharField(help_text="of the password then: another password ends the token", max_length=64),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="access_token_expires_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="access_token_has_name"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Benchmark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(blank=True, help_text="what is being done, in plain words", max_length=80)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("methods", models.JSONField(help_text="keys of the methods to measure, in order")),
                ("rows", models.JSONField(default=list)),
                (
                    "settings",
                    models.JSONField(
                        default=dict, help_text="λ, seeds, prompts, procedures, versions: to compute it again"
                    ),
                ),
                ("code_version", models.CharField(blank=True, max_length=40)),
                (
                    "attempts_before",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
                ),
                ("phase_began_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase_began_with",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
                ),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="benchmarks",
                        to="annotations.basemodel",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                        name="benchmark_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                            models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                            _connector="OR",
                        ),
                        name="benchmark_finished_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="benchmark_failed_says_why",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("pending", "running"))),
                        fields=("base_model",),
                        name="benchmark_once_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_uuid", models.UUIDField()),
                ("number", models.PositiveIntegerField(help_text="1 or 2")),
                ("answers", models.JSONField(help_text="the chosen option of each question")),
                ("n_wrong", models.PositiveIntegerField()),
                ("answered_at", models.DateTimeField(auto_now_add=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_attempts",
                        to="annotations.annotationsession",
                    ),
                ),
            ],
            options={
                "ordering": ["session", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("session", "client_uuid"), name="check_attempt_once"),
                    models.UniqueConstraint(fields=("session", "number"), name="check_attempt_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__range", (1, 2))), name="check_attempt_number_range"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="control",
            constraint=models.CheckConstraint(
                condition=models.Q(("average_accuracy__range", (0, 1)), ("worst_group_accuracy__range", (0, 1))),
                name="control_accuracies_are_shares",
            ),
        ),
        migrations.AddConstraint(
            model_name="control",
            constraint=models.UniqueConstraint(
                fields=("dataset", "target_classes", "scheme", "l2", "base_model", "trained_rows"),
                name="control_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="basemodel",
            constraint=models.UniqueConstraint(fields=("dataset", "name"), name="base_model_name_once"),
        ),
        migrations.AddConstraint(
            model_name="basemodel",
            constraint=models.CheckConstraint(condition=models.Q(("l2__gt", 0)), name="base_model_l2_positive"),
        ),
        migrations.AddConstraint(
            model_name="basemodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["trained", "imported"])), name="base_model_origin_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="basemodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("origin", "trained"), _negated=True), ("head__isnull", False), _connector="OR"
                ),
                name="base_model_trained_has_head",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="datasetimport_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="datasetimport_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="datasetimport_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("folder", ""), models.Q(("archive", ""), _negated=True)),
                    models.Q(models.Q(("folder", ""), _negated=True), ("archive", "")),
                    models.Q(("archive", ""), ("dataset__isnull", False), ("folder", ""), ("l2__gt", 0)),
                    _connector="OR",
                ),
                name="datasetimport_one_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="devicereport",
            constraint=models.UniqueConstraint(fields=("session", "client_uuid"), name="device_report_once"),
        ),
        migrations.AddConstraint(
            model_name="endanswer",
            constraint=models.UniqueConstraint(fields=("session", "number"), name="end_answer_once"),
        ),
        migrations.AddConstraint(
            model_name="endanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer", ""), _negated=True), name="end_answer_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatheredtraining",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="gatheredtraining_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatheredtraining",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="gatheredtraining_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatheredtraining",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="gatheredtraining_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatheredtraining",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("dataset__isnull", False), _connector="OR"
                ),
                name="gatheredtraining_done_has_data",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="imageindex_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="imageindex_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="imageindex_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("pending", "running"))),
                fields=("dataset",),
                name="image_index_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(models.Q(("directory", ""), _negated=True), models.Q(("kind", ""), _negated=True)),
                    _connector="OR",
                ),
                name="image_index_done_has_files",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(("duplicate_threshold__range", (0, 1))),
                name="image_index_duplicate_threshold_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("duplicate_threshold__isnull", False), _connector="OR"
                ),
                name="image_index_done_has_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="imagereview",
            constraint=models.UniqueConstraint(fields=("gathering", "place", "reviewer"), name="image_review_once"),
        ),
        migrations.AddConstraint(
            model_name="imagereview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("label__isnull", False), ("verdict", "keep")),
                    models.Q(("label__isnull", True), ("verdict__in", ["drop", "unsure"])),
                    _connector="OR",
                ),
                name="image_review_kept_has_label",
            ),
        ),
        migrations.AddConstraint(
            model_name="imagesearch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="imagesearch_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="imagesearch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="imagesearch_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="imagesearch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="imagesearch_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="imagesearch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("words", ""), _negated=True), models.Q(("like", []), _negated=True), _connector="OR"
                ),
                name="image_search_has_query",
            ),
        ),
        migrations.AddConstraint(
            model_name="imagesearch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("is_exact__isnull", False), _connector="OR"
                ),
                name="image_search_done_says_how",
            ),
        ),
        migrations.AddConstraint(
            model_name="keywordranking",
            constraint=models.UniqueConstraint(
                fields=("base_model", "target_class", "list_digest"), name="keyword_ranking_once_a_list"
            ),
        ),
        migrations.AddConstraint(
            model_name="keywordranking",
            constraint=models.CheckConstraint(
                condition=models.Q(("n_correct__gte", 1), ("n_error__gte", 1), ("n_keywords__gte", 1)),
                name="keyword_ranking_has_something",
            ),
        ),
        migrations.AddIndex(
            model_name="phrase",
            index=models.Index(condition=models.Q(("state", "pending")), fields=["submitted_at"], name="phrase_due"),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.UniqueConstraint(fields=("assignment", "client_uuid"), name="phrase_once"),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.UniqueConstraint(fields=("assignment", "ordinal"), name="phrase_ordinal_once"),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="phrase_not_empty"),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.CheckConstraint(
                condition=models.Q(("moderation__in", ["", "approved", "flagged", "hidden", "excluded"])),
                name="phrase_moderation_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("moderation__in", ["", "approved"]),
                    models.Q(("moderation_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="phrase_moderation_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "scored", "failed"])), name="phrase_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="judgement",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["yes", "no", "unsure"])), name="judgement_answer_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])), name="pool_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="pool_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="pool_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("dataset__isnull", False), _connector="OR"
                ),
                name="pool_done_has_images",
            ),
        ),
        migrations.AddConstraint(
            model_name="practicephrase",
            constraint=models.UniqueConstraint(fields=("session", "client_uuid"), name="practice_phrase_once"),
        ),
        migrations.AddConstraint(
            model_name="practicephrase",
            constraint=models.UniqueConstraint(fields=("session", "ordinal"), name="practice_phrase_ordinal_once"),
        ),
        migrations.AddConstraint(
            model_name="practicephrase",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__isnull", True), ("value__range", (0, 1)), _connector="OR"),
                name="practice_phrase_value_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="randomslices",
            constraint=models.UniqueConstraint(
                fields=("dataset", "target_class", "n_above", "scheme", "l2", "base_model", "trained_rows"),
                name="random_slices_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="randomslicescores",
            constraint=models.UniqueConstraint(
                fields=("random_slices", "base_model"), name="random_slices_scored_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(fields=("phrase", "kind", "client_uuid"), name="reply_once"),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["threshold", "judgement"])), name="reply_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("said", ""), _negated=True), name="reply_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("made_at__lte", models.F("received_at"))), name="reply_made_before_received"
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=models.Q(("state", "pending")), fields=["created_at"], name="run_due"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("control__isnull", True), ("state", "done")),
                fields=["base_model"],
                name="run_without_control",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("random_slices__isnull", True), ("state", "done")),
                fields=["base_model"],
                name="run_without_random_slices",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(fields=("assignment", "annotation_digest"), name="run_once"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "done", "refused", "failed"])), name="run_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(condition=models.Q(("sign__in", [1, -1])), name="run_sign_known"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("threshold__isnull", False), _connector="OR"
                ),
                name="run_done_has_threshold",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_chosen", False), ("threshold__isnull", False), _connector="OR"),
                name="run_chosen_has_threshold",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(
                        ("average_accuracy__isnull", False),
                        ("average_accuracy__range", (0, 1)),
                        ("finished_at__isnull", False),
                        ("head__isnull", False),
                        ("test_predictions__isnull", False),
                        ("worst_group_accuracy__isnull", False),
                        ("worst_group_accuracy__range", (0, 1)),
                    ),
                    _connector="OR",
                ),
                name="run_done_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["refused", "failed"]), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="run_refused_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(fields=["dataset_digest", "rendered_text"], name="score_by_text"),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(condition=models.Q(("value__range", (0, 1))), name="score_value_range"),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("two_sided__gte", models.F("value")), ("two_sided__range", (0, 1))),
                name="score_two_sided_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("threshold__isnull", True), ("value", 0)),
                    models.Q(("threshold__isnull", False), ("value__gt", 0)),
                    _connector="OR",
                ),
                name="score_threshold_unless_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("two_sided_threshold__isnull", True), ("two_sided__gt", 0), _connector="OR"),
                name="score_two_sided_threshold",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("n_correct__gte", 1), ("n_error__gte", 1)), name="score_has_both_sides"
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("null_level__isnull", True),
                        ("p_method", ""),
                        ("p_value__isnull", True),
                        ("tries__isnull", True),
                    ),
                    models.Q(
                        ("null_level__isnull", False),
                        ("null_level__range", (0, 1)),
                        ("p_method__in", ["exact", "asymptotic"]),
                        ("p_value__isnull", False),
                        ("p_value__range", (0, 1)),
                        ("tries__gte", 1),
                        ("tries__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="score_chance_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sign", 1), models.Q(("sign", -1), models.Q(("subject", ""), _negated=True)), _connector="OR"
                ),
                name="score_sign_has_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("guessing_level__isnull", True), ("level_shown", ""), ("page_version__isnull", True)),
                    models.Q(
                        ("guessing_level__isnull", False),
                        ("guessing_level__range", (0, 1)),
                        ("page_version__isnull", False),
                        models.Q(("level_shown", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="score_level_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("goal_shown", False), ("goal__isnull", False), _connector="OR"),
                name="score_goal_shown_is_set",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatheringpart",
            constraint=models.UniqueConstraint(
                fields=("gathering", "target_class"), name="gathering_one_annotation_a_class"
            ),
        ),
        migrations.AddConstraint(
            model_name="correctionpart",
            constraint=models.UniqueConstraint(
                fields=("correction", "target_class"), name="correction_one_annotation_a_class"
            ),
        ),
        migrations.AddConstraint(
            model_name="span",
            constraint=models.UniqueConstraint(fields=("session", "client_uuid"), name="span_once"),
        ),
        migrations.AddConstraint(
            model_name="span",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["visible", "idle", "hidden", "offline", "waiting", "enlarged"])),
                name="span_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="span",
            constraint=models.CheckConstraint(
                condition=models.Q(("began_at__lte", models.F("ended_at")), ("ended_at__lte", models.F("received_at"))),
                name="span_times_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="span",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "enlarged"), models.Q(("image_key", ""), _negated=True)),
                    models.Q(models.Q(("kind", "enlarged"), _negated=True), ("image_key", "")),
                    _connector="OR",
                ),
                name="span_has_image_where_enlarged",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "active", "paused", "closed"])), name="study_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_at__isnull", True), ("state", "draft")),
                    models.Q(models.Q(("state", "draft"), _negated=True), ("opened_at__isnull", False)),
                    _connector="OR",
                ),
                name="study_opened_unless_draft",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    models.Q(models.Q(("state", "closed"), _negated=True), ("closed_at__isnull", True)),
                    _connector="OR",
                ),
                name="study_closed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revised_at__isnull", True), ("revised_by", ""), ("revision", 0)),
                    models.Q(
                        ("revised_at__isnull", False), ("revision__gt", 0), models.Q(("revised_by", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="study_revision_names_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("completion_code", ""), _negated=True), name="study_has_completion_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("completion_code", models.F("no_consent_code")), _negated=True),
                    models.Q(("completion_code", models.F("failed_check_code")), _negated=True),
                    models.Q(
                        ("no_consent_code", ""),
                        models.Q(("no_consent_code", models.F("failed_check_code")), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="study_codes_differ",
                violation_error_message="Each outcome needs a code of its own: Prolific tells outcomes by their codes.",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("failed_check_is_paid", False), models.Q(("failed_check_code", ""), _negated=True), _connector="OR"
                ),
                name="study_paid_screen_out_has_code",
                violation_error_message="Being screened out with pay needs the failed check's code.",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["crowd", "experts"])), name="study_audience_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("task_order__in", ["fixed", "balanced"])), name="study_task_order_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("restart_rule__in", ["same_cell", "new_cell", "refused"])),
                name="study_restart_rule_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("quota__isnull", True), ("quota__gte", 1), _connector="OR"),
                name="study_quota_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("scheme__in", ["class_equal", "paper", "mean_slices", "class_mass"])),
                name="study_scheme_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])), name="release_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="release_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="release_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(fields=("study", "number"), name="release_number_once"),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(models.Q(("file", ""), _negated=True), models.Q(("digest", ""), _negated=True)),
                    _connector="OR",
                ),
                name="release_done_has_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="rehearsal_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="rehearsal_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="rehearsal_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["prepared", "sent", "unsure", "paid", "exported", "failed"])),
                name="payment_batch_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("prepared", "sent", "unsure"))),
                fields=("study",),
                name="payment_batch_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.UniqueConstraint(fields=("study", "pseudonym"), name="participant_once"),
        ),
        migrations.AddConstraint(
            model_name="identitykey",
            constraint=models.UniqueConstraint(fields=("study", "pseudonym"), name="identity_key_once"),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="gathering_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="gathering_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="gathering_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(("class_by__in", ["zero_shot", "base_model", "none"])),
                name="gathering_class_by_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(("class_threshold__range", (0, 1)), ("duplicate_threshold__range", (0, 1))),
                name="gathering_thresholds_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    ("pool", None),
                    ("duplicate_threshold__isnull", False),
                    _connector="OR",
                ),
                name="gathering_done_has_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="forgottensubmission",
            constraint=models.UniqueConstraint(fields=("study", "submission_key"), name="forgotten_submission_once"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["study", "kind"], name="event_by_kind"),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="correction_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="correction_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="correction_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("head__isnull", False), _connector="OR"
                ),
                name="correction_head",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("review__in", ["proposed", "approved", "rejected"])), name="correction_review_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("review", "proposed"),
                    models.Q(("reviewed_at__isnull", False), models.Q(("reviewed_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="correction_reviewed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.UniqueConstraint(fields=("study", "position"), name="condition_position_once"),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.UniqueConstraint(fields=("study", "name"), name="condition_name_once"),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="condition_has_name"
            ),
        ),
        migrations.AddIndex(
            model_name="allocation",
            index=models.Index(
                condition=models.Q(("state", "live")), fields=["lease_expires_at"], name="allocation_lease"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["live", "completed", "released"])), name="allocation_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("release_reason", ""), ("state", "live")),
                    models.Q(("ended_at__isnull", False), ("release_reason", ""), ("state", "completed")),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("state", "released"),
                        models.Q(("release_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="allocation_end_fits_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("live", "completed"))),
                fields=("participant",),
                name="allocation_one_place_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cleared_at__isnull", True)), fields=("study", "kind"), name="alarm_once_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="studyanalysis",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "failed"])),
                name="studyanalysis_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="studyanalysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                    models.Q(("finished_at__isnull", True), ("state__in", ("pending", "running"))),
                    _connector="OR",
                ),
                name="studyanalysis_finished_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="studyanalysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="studyanalysis_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="studyanalysis",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("pending", "running"))),
                fields=("study",),
                name="analysis_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="studyanalysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), ("content__isnull", False), _connector="OR"
                ),
                name="analysis_done_has_content",
            ),
        ),
        migrations.AddConstraint(
            model_name="studyconfiguration",
            constraint=models.UniqueConstraint(fields=("study", "version"), name="configuration_version_once"),
        ),
        migrations.AddIndex(
            model_name="annotationsession",
            index=models.Index(
                condition=models.Q(("n_refused__gt", 0)), fields=["n_refused"], name="session_over_budget"
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.UniqueConstraint(fields=("study", "submission_key"), name="submission_once"),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "stage__in",
                        ["consent", "tutorial", "check", "tasks", "finished", "declined", "not_passed", "withdrawn"],
                    )
                ),
                name="session_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["participant", "expert", "preview", "simulated"])),
                name="session_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("verification__in", ["signed", "confirmed", "unverified", "local"])),
                name="session_verification_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("outcome", "completed"), ("stage", "finished")),
                    models.Q(("ended_at__isnull", False), ("outcome", "no_consent"), ("stage", "declined")),
                    models.Q(("ended_at__isnull", False), ("outcome", "failed_check"), ("stage", "not_passed")),
                    models.Q(("ended_at__isnull", False), ("outcome", "withdrawn"), ("stage", "withdrawn")),
                    models.Q(
                        ("ended_at__isnull", True),
                        ("outcome", ""),
                        ("stage__in", ("consent", "tutorial", "check", "tasks")),
                    ),
                    _connector="OR",
                ),
                name="session_outcome_fits_stage",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stage__in", ["consent", "declined"]),
                    ("consented_at__isnull", False),
                    ("kind", "expert"),
                    _connector="OR",
                ),
                name="session_consent_before_work",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stage", "withdrawn"), ("withdrawn_at__isnull", False)),
                    ("stage__in", ["finished", "not_passed"]),
                    models.Q(models.Q(("stage", "withdrawn"), _negated=True), ("withdrawn_at__isnull", True)),
                    _connector="OR",
                ),
                name="session_withdrawn_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="studymember",
            constraint=models.UniqueConstraint(fields=("study", "user"), name="study_member_once"),
        ),
        migrations.AddConstraint(
            model_name="studymember",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["coordinator", "analyst"])), name="study_member_role_known"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["study", "status"], name="submission_by_status"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("study", "submission_key"), name="submission_ids_once"),
        ),
        migrations.AddIndex(
            model_name="prolificrequest",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["due_at"], name="prolific_request_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="prolificrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "done", "failed"])), name="prolific_request_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="prolificrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending"), models.Q(("act", "message"), _negated=True)),
                fields=("submission", "act"),
                name="prolific_request_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("study", "idempotency_key"), name="payment_once"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(condition=models.Q(("amount_cents__gte", 1)), name="payment_positive"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("withheld_reason", ""), ("batch__isnull", True), _connector="OR"),
                name="payment_withheld_is_in_no_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.UniqueConstraint(fields=("study", "position"), name="task_position_once"),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_phrases__range", (1, 200)), ("min_phrases__lte", models.F("max_phrases"))),
                name="task_phrase_limits",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("time_limit_s__isnull", True), ("time_limit_s__range", (30, 7200)), _connector="OR"
                ),
                name="task_time_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("text_template__contains", "{phrase}")), name="task_template_has_phrase"
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(condition=models.Q(("state", "active")), fields=["deadline_at"], name="assignment_due"),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(fields=("session", "task"), name="assignment_once"),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(fields=("session", "position"), name="assignment_position_once"),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deadline_at__isnull", True), ("first_deadline_at__isnull", True)),
                    models.Q(
                        ("deadline_at__gte", models.F("first_deadline_at")),
                        ("deadline_at__isnull", False),
                        (
                            "deadline_at__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("first_deadline_at"), "+", models.Value(datetime.timedelta(seconds=300))
                            ),
                        ),
                        ("first_deadline_at__gt", models.F("started_at")),
                        ("first_deadline_at__isnull", False),
                        ("started_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="assignment_deadlines_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("end_reason", ""),
                        ("ended_at__isnull", True),
                        ("started_at__isnull", True),
                        ("state", "waiting"),
                    ),
                    models.Q(
                        ("end_reason", ""),
                        ("ended_at__isnull", True),
                        ("started_at__isnull", False),
                        ("state", "active"),
                    ),
                    models.Q(
                        ("end_reason__in", ["done", "time_over", "study_closed", "withdrawn", "skipped"]),
                        ("ended_at__isnull", False),
                        ("state", "ended"),
                    ),
                    _connector="OR",
                ),
                name="assignment_times_fit_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", "skipped"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="assignment_skipped_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("threshold__isnull", True), ("threshold__range", (-2, 2)), _connector="OR"),
                name="threshold_choice_is_a_similarity",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("threshold__isnull", False), ("run__isnull", True), _connector="OR"),
                name="threshold_choice_run_needs_threshold",
            ),
        ),
        migrations.AddConstraint(
            model_name="vocabularylevel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("level__isnull", True), ("negated_level__isnull", True)),
                    models.Q(
                        ("level__isnull", False),
                        ("level__range", (0, 1)),
                        ("negated_level__isnull", False),
                        ("negated_level__range", (0, 1)),
                    ),
                    _connector="OR",
                ),
                name="vocabulary_levels_are_scores",
            ),
        ),
        migrations.AddConstraint(
            model_name="vocabularylevel",
            constraint=models.UniqueConstraint(
                fields=("base_model", "target_class", "text_template", "language", "half"), name="vocabulary_level_once"
            ),
        ),
        *(migrations.RunSQL(statements) for statements in _append_only.STATEMENTS),
    ]
