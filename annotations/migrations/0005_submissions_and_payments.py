"""Submissions with sealed ids, requests to Prolific, and payments."""

import uuid

from django.db import migrations, models
from django.db.models import Q

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("annotations", "0004_phrases_and_runs")]
    operations = [
        migrations.CreateModel(
            name="IdentityKey",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="identity_keys", on_delete=models.PROTECT, to="annotations.study"),
                ),
                ("pseudonym", models.CharField(max_length=20, help_text="of the participant")),
                ("sealed_key", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"constraints": [models.UniqueConstraint(name="identity_key_once", fields=("study", "pseudonym"))]},
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="submissions", on_delete=models.PROTECT, to="annotations.study"),
                ),
                ("submission_key", models.CharField(max_length=20, help_text="pseudonym of the submission")),
                ("pseudonym", models.CharField(max_length=20, help_text="of the participant")),
                (
                    "session",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        related_name="submission",
                        on_delete=models.PROTECT,
                        to="annotations.annotationsession",
                    ),
                ),
                ("sealed_ids", models.BinaryField(null=True, help_text="null once destroyed")),
                (
                    "status",
                    models.CharField(
                        max_length=40, blank=True, default="", help_text="Prolific's word; empty: not known"
                    ),
                ),
                ("status_changed_at", models.DateTimeField(blank=True, null=True, help_text="by Prolific's clock")),
                ("started_at", models.DateTimeField(blank=True, null=True, help_text="on Prolific")),
                ("completed_at", models.DateTimeField(blank=True, null=True, help_text="on Prolific")),
                (
                    "entered_code",
                    models.CharField(
                        max_length=64, blank=True, default="", help_text="completion code that Prolific got"
                    ),
                ),
                ("reward_cents", models.PositiveIntegerField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, null=True, help_text="last told of by Prolific")),
                (
                    "is_of_another",
                    models.BooleanField(
                        default=False,
                        db_default=False,
                        help_text="Prolific names another person than the one who came with it",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["study", "id"],
                "indexes": [models.Index(name="submission_by_status", fields=["study", "status"])],
                "constraints": [
                    models.UniqueConstraint(name="submission_ids_once", fields=("study", "submission_key"))
                ],
            },
        ),
        migrations.CreateModel(
            name="ForgottenSubmission",
            fields=[
                ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, serialize=False)),
                (
                    "study",
                    models.ForeignKey(
                        related_name="forgotten_submissions", on_delete=models.PROTECT, to="annotations.study"
                    ),
                ),
                ("submission_key", models.CharField(max_length=20)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(name="forgotten_submission_once", fields=("study", "submission_key"))
                ]
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.OneToOneField(
                        related_name="reconciliation", on_delete=models.PROTECT, to="annotations.study"
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True, help_text="of the last one that came through")),
                ("n_submissions", models.PositiveIntegerField(default=0, help_text="that Prolific listed then")),
                ("error", models.TextField(blank=True, help_text="why the last one did not come through")),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", BIG_ID),
                ("event_id", models.CharField(max_length=100, unique=True)),
                ("event_type", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField(help_text="by Prolific's clock")),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="deliveries",
                        on_delete=models.PROTECT,
                        to="annotations.submission",
                    ),
                ),
                ("status", models.CharField(max_length=40, blank=True)),
                (
                    "effect",
                    models.CharField(
                        max_length=40, help_text="applied, older, unknown_submission, unknown_study, ignored"
                    ),
                ),
            ],
            options={"verbose_name_plural": "webhook deliveries", "ordering": ["-received_at"]},
        ),
        migrations.CreateModel(
            name="ProlificRequest",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(
                        related_name="prolific_requests", on_delete=models.PROTECT, to="annotations.study"
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="requests",
                        on_delete=models.PROTECT,
                        to="annotations.submission",
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        max_length=30,
                        help_text="approve, complete, request_return, screen_out, reject, unreject, message, "
                        "pause_study …",
                    ),
                ),
                ("detail", models.JSONField(default=dict, help_text="message, category, code; never an outside id")),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="pending",
                        choices=[("pending", "Pending"), ("done", "Done"), ("failed", "Failed")],
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(help_text="not tried before this")),
                ("last_error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(name="prolific_request_due", fields=["due_at"], condition=Q(state="pending"))],
                "constraints": [
                    models.CheckConstraint(
                        name="prolific_request_state_known", condition=Q(state__in=["pending", "done", "failed"])
                    ),
                    models.UniqueConstraint(
                        name="prolific_request_once",
                        fields=("submission", "act"),
                        condition=Q(state="pending") & ~Q(act="message"),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentBatch",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="payment_batches", on_delete=models.PROTECT, to="annotations.study"),
                ),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="prepared",
                        choices=[
                            ("prepared", "Prepared"),
                            ("sent", "asked of Prolific"),
                            ("unsure", "may have reached Prolific: somebody must look"),
                            ("paid", "Paid"),
                            ("exported", "handed out as a file"),
                            ("failed", "Failed"),
                        ],
                    ),
                ),
                (
                    "outside_id",
                    models.CharField(max_length=64, blank=True, help_text="Prolific's id of the bonus request"),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "payment batches",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="payment_batch_state_known",
                        condition=Q(state__in=["prepared", "sent", "unsure", "paid", "exported", "failed"]),
                    ),
                    models.UniqueConstraint(
                        name="payment_batch_one_at_a_time",
                        fields=("study",),
                        condition=Q(state__in=("prepared", "sent", "unsure")),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", BIG_ID),
                ("study", models.ForeignKey(related_name="payments", on_delete=models.PROTECT, to="annotations.study")),
                (
                    "submission",
                    models.ForeignKey(related_name="payments", on_delete=models.PROTECT, to="annotations.submission"),
                ),
                ("rule", models.CharField(max_length=60, help_text="why: the bonus rule's name, or “by hand”")),
                ("reason", models.TextField(help_text="in a sentence, with the numbers that it rests on")),
                ("amount_cents", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("idempotency_key", models.CharField(max_length=80)),
                (
                    "withheld_reason",
                    models.TextField(
                        blank=True,
                        default="",
                        db_default="",
                        help_text="why a coordinator decided not to pay it; empty: it is owed",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="payments",
                        on_delete=models.PROTECT,
                        to="annotations.paymentbatch",
                    ),
                ),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["study", "id"],
                "constraints": [
                    models.UniqueConstraint(name="payment_once", fields=("study", "idempotency_key")),
                    models.CheckConstraint(name="payment_positive", condition=Q(amount_cents__gte=1)),
                    models.CheckConstraint(
                        name="payment_withheld_is_in_no_batch", condition=Q(withheld_reason="") | Q(batch__isnull=True)
                    ),
                ],
            },
        ),
    ]
