"""Data sets, their imports, and the base models that are trained on them."""

from django.core.validators import MinValueValidator, validate_slug
from django.db import migrations, models
from django.db.models import Q

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Dataset",
            fields=[
                ("id", BIG_ID),
                ("name", models.CharField(max_length=60, validators=[validate_slug])),
                ("version", models.PositiveIntegerField()),
                (
                    "digest",
                    models.CharField(max_length=64, help_text="SHA-256 of the images, labels, splits and encoders"),
                ),
                ("directory", models.CharField(max_length=255, help_text="relative to DATA_ROOT")),
                ("class_names", models.JSONField(help_text="list of str, in the order of the labels")),
                (
                    "attribute_names",
                    models.JSONField(blank=True, default=list, help_text="list of str; empty without group attributes"),
                ),
                (
                    "similarity_encoder",
                    models.CharField(max_length=255, help_text="the encoder whose texts score phrases"),
                ),
                (
                    "feature_encoder",
                    models.CharField(max_length=255, blank=True, help_text="empty where features came in a file"),
                ),
                ("counts", models.JSONField(help_text="images in train, validation and test")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "data set",
                "ordering": ["name", "-version"],
                "constraints": [
                    models.UniqueConstraint(name="dataset_version_once", fields=("name", "version")),
                    models.UniqueConstraint(name="dataset_digest_once", fields=("name", "digest")),
                    models.CheckConstraint(name="dataset_version_from_one", condition=Q(version__gte=1)),
                ],
            },
        ),
        migrations.CreateModel(
            name="DatasetImport",
            fields=[
                ("id", BIG_ID),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="pending",
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(max_length=80, blank=True, help_text="what is being done, in plain words")),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("name", models.CharField(max_length=60)),
                ("folder", models.CharField(max_length=255, blank=True, help_text="relative to IMPORT_ROOT")),
                (
                    "archive",
                    models.CharField(
                        max_length=255, blank=True, help_text="relative to DATA_ROOT; removed when imported"
                    ),
                ),
                ("source_format", models.CharField(max_length=20, blank=True)),
                ("similarity_encoder", models.CharField(max_length=255, blank=True)),
                ("train_base_model", models.BooleanField(default=True)),
                ("report", models.JSONField(default=dict, help_text="images listed, imported and left out, by reason")),
                (
                    "dataset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="imports",
                        on_delete=models.PROTECT,
                        to="annotations.dataset",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of a data set",
                "verbose_name_plural": "imports of data sets",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="datasetimport_state_known",
                        condition=Q(state__in=["pending", "running", "done", "failed"]),
                    ),
                    models.CheckConstraint(
                        name="datasetimport_finished_has_time",
                        condition=Q(finished_at__isnull=False, state__in=["done", "failed"])
                        | Q(finished_at__isnull=True, state__in=("pending", "running")),
                    ),
                    models.CheckConstraint(
                        name="datasetimport_failed_says_why", condition=~Q(state="failed") | ~Q(error="")
                    ),
                    models.CheckConstraint(
                        name="datasetimport_one_source",
                        condition=(Q(folder="") & ~Q(archive="")) | (~Q(folder="") & Q(archive="")),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BaseModel",
            fields=[
                ("id", BIG_ID),
                (
                    "dataset",
                    models.ForeignKey(
                        verbose_name="data set",
                        related_name="base_models",
                        on_delete=models.PROTECT,
                        to="annotations.dataset",
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "origin",
                    models.CharField(
                        max_length=10,
                        choices=[
                            ("trained", "trained here on the features"),
                            ("imported", "imported predictions"),
                        ],
                    ),
                ),
                (
                    "l2",
                    models.FloatField(
                        verbose_name="λ",
                        help_text="L2 coefficient of training and retraining",
                        validators=[MinValueValidator(1e-12)],
                    ),
                ),
                ("predictions", models.BinaryField(help_text="int32 per row of the data set, -1 where there is none")),
                (
                    "head",
                    models.BinaryField(blank=True, null=True, help_text="safetensors; empty for imported predictions"),
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
                "constraints": [
                    models.UniqueConstraint(name="base_model_name_once", fields=("dataset", "name")),
                    models.CheckConstraint(name="base_model_l2_positive", condition=Q(l2__gt=0)),
                    models.CheckConstraint(
                        name="base_model_origin_known", condition=Q(origin__in=["trained", "imported"])
                    ),
                    models.CheckConstraint(
                        name="base_model_trained_has_head", condition=~Q(origin="trained") | Q(head__isnull=False)
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Benchmark",
            fields=[
                ("id", BIG_ID),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="pending",
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(max_length=80, blank=True, help_text="what is being done, in plain words")),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "base_model",
                    models.ForeignKey(related_name="benchmarks", on_delete=models.PROTECT, to="annotations.basemodel"),
                ),
                ("methods", models.JSONField(help_text="keys of the methods to measure, in order")),
                ("rows", models.JSONField(default=list)),
                (
                    "settings",
                    models.JSONField(
                        default=dict, help_text="λ, seeds, prompts, procedures, versions: to compute it again"
                    ),
                ),
                ("code_version", models.CharField(max_length=40, blank=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="benchmark_state_known", condition=Q(state__in=["pending", "running", "done", "failed"])
                    ),
                    models.CheckConstraint(
                        name="benchmark_finished_has_time",
                        condition=Q(finished_at__isnull=False, state__in=["done", "failed"])
                        | Q(finished_at__isnull=True, state__in=("pending", "running")),
                    ),
                    models.CheckConstraint(
                        name="benchmark_failed_says_why", condition=~Q(state="failed") | ~Q(error="")
                    ),
                    models.UniqueConstraint(
                        name="benchmark_once_at_a_time",
                        fields=("base_model",),
                        condition=Q(state__in=("pending", "running")),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeywordRanking",
            fields=[
                ("id", BIG_ID),
                (
                    "base_model",
                    models.ForeignKey(
                        related_name="keyword_rankings", on_delete=models.PROTECT, to="annotations.basemodel"
                    ),
                ),
                ("target_class", models.PositiveIntegerField(help_text="label")),
                ("list_name", models.CharField(max_length=120)),
                (
                    "list_digest",
                    models.CharField(max_length=64, help_text="SHA-256 of the template and the keywords, one a line"),
                ),
                ("text_template", models.TextField()),
                ("n_correct", models.PositiveIntegerField(help_text="of the class's validation images")),
                ("n_error", models.PositiveIntegerField(help_text="of the class's validation images")),
                ("n_keywords", models.PositiveIntegerField()),
                ("rows", models.JSONField()),
                ("settings", models.JSONField(help_text="encoder, permutations, seed, versions: to compute it again")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["base_model", "target_class", "list_name", "list_digest"],
                "constraints": [
                    models.UniqueConstraint(
                        name="keyword_ranking_once_a_list", fields=("base_model", "target_class", "list_digest")
                    ),
                    models.CheckConstraint(
                        name="keyword_ranking_has_something",
                        condition=Q(n_correct__gte=1, n_error__gte=1, n_keywords__gte=1),
                    ),
                ],
            },
        ),
    ]
