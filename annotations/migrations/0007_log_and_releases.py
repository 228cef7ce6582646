"""The event log of studies, and the releases of their data."""

from django.db import migrations, models
from django.db.models import Q

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("annotations", "0006_staff_and_monitoring")]
    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", BIG_ID),
                ("study", models.ForeignKey(related_name="events", on_delete=models.PROTECT, to="annotations.study")),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="events",
                        on_delete=models.PROTECT,
                        to="annotations.annotationsession",
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("payload", models.JSONField(default=dict, help_text="never an outside id, an address or a name")),
                (
                    "sealed",
                    models.BinaryField(
                        null=True,
                        help_text="personal text, as JSON under the person's IdentityKey: unreadable once that "
                        "is destroyed",
                    ),
                ),
                ("occurred_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ["id"], "indexes": [models.Index(name="event_by_kind", fields=["study", "kind"])]},
        ),
        migrations.CreateModel(
            name="Release",
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
                ("study", models.ForeignKey(related_name="releases", on_delete=models.PROTECT, to="annotations.study")),
                ("number", models.PositiveIntegerField()),
                ("last_event", models.BigIntegerField(null=True, help_text="id of the newest event in it")),
                ("snapshot_at", models.DateTimeField(blank=True, null=True)),
                ("code_version", models.CharField(max_length=40, blank=True)),
                ("file", models.CharField(max_length=255, blank=True, help_text="relative to DATA_ROOT")),
                ("digest", models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file")),
                ("size", models.BigIntegerField(null=True, help_text="bytes")),
                ("manifest", models.JSONField(default=dict)),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
                ("superseded_reason", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["study", "-number"],
                "constraints": [
                    models.CheckConstraint(
                        name="release_state_known", condition=Q(state__in=["pending", "running", "done", "failed"])
                    ),
                    models.CheckConstraint(
                        name="release_finished_has_time",
                        condition=Q(finished_at__isnull=False, state__in=["done", "failed"])
                        | Q(finished_at__isnull=True, state__in=("pending", "running")),
                    ),
                    models.CheckConstraint(name="release_failed_says_why", condition=~Q(state="failed") | ~Q(error="")),
                    models.UniqueConstraint(name="release_number_once", fields=("study", "number")),
                    models.CheckConstraint(
                        name="release_done_has_file", condition=~Q(state="done") | (~Q(file="") & ~Q(digest=""))
                    ),
                ],
            },
        ),
    ]
