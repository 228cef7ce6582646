"""Visits: participants, their place in a study, and everything they do besides phrases."""

import uuid
from datetime import timedelta

from django.db import migrations, models
from django.db.models import F, Q

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("annotations", "0002_studies")]
    operations = [
        migrations.CreateModel(
            name="Participant",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="participants", on_delete=models.PROTECT, to="annotations.study"),
                ),
                ("pseudonym", models.CharField(max_length=20, help_text="a random one once the person is erased")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["study", "created_at"],
                "constraints": [models.UniqueConstraint(name="participant_once", fields=("study", "pseudonym"))],
            },
        ),
        migrations.CreateModel(
            name="AnnotationSession",
            fields=[
                ("id", BIG_ID),
                ("public_id", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)),
                ("study", models.ForeignKey(related_name="sessions", on_delete=models.PROTECT, to="annotations.study")),
                (
                    "configuration",
                    models.ForeignKey(
                        related_name="sessions", on_delete=models.PROTECT, to="annotations.studyconfiguration"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(related_name="sessions", on_delete=models.PROTECT, to="annotations.participant"),
                ),
                ("submission_key", models.CharField(max_length=20, help_text="pseudonym of the submission")),
                (
                    "kind",
                    models.CharField(
                        max_length=11,
                        default="participant",
                        db_default="participant",
                        choices=[
                            ("participant", "Participant"),
                            ("expert", "Expert"),
                            ("preview", "Preview"),
                            ("simulated", "Simulated"),
                        ],
                    ),
                ),
                (
                    "verification",
                    models.CharField(
                        max_length=10,
                        default="unverified",
                        db_default="unverified",
                        choices=[
                            ("signed", "signed link"),
                            ("confirmed", "confirmed by Prolific's API"),
                            ("unverified", "Unverified"),
                            ("local", "not from Prolific"),
                        ],
                    ),
                ),
                (
                    "condition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="sessions",
                        on_delete=models.PROTECT,
                        to="annotations.condition",
                    ),
                ),
                (
                    "order",
                    models.PositiveSmallIntegerField(
                        default=0, db_default=0, help_text="which of the study's orders of tasks, from 0"
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        max_length=10,
                        default="consent",
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
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        max_length=12,
                        blank=True,
                        choices=[
                            ("completed", "Completed"),
                            ("no_consent", "No Consent"),
                            ("failed_check", "Failed Check"),
                            ("withdrawn", "Withdrawn"),
                        ],
                    ),
                ),
                ("seed", models.BigIntegerField(help_text="seeds the samples of images this person is shown")),
                ("code_version", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("consented_at", models.DateTimeField(blank=True, null=True)),
                (
                    "looked_at",
                    models.DateTimeField(blank=True, null=True, help_text="found a wrong picture in the tutorial"),
                ),
                ("tutorial_done_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, help_text="the person wants nothing of it to be used"),
                ),
                (
                    "is_late",
                    models.BooleanField(
                        default=False,
                        db_default=False,
                        help_text="completed after its place was given to somebody else",
                    ),
                ),
                ("erased_at", models.DateTimeField(blank=True, null=True, help_text="only this row is left of it")),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(name="submission_once", fields=("study", "submission_key")),
                    models.CheckConstraint(
                        name="session_stage_known",
                        condition=Q(
                            stage__in=[
                                "consent",
                                "tutorial",
                                "check",
                                "tasks",
                                "finished",
                                "declined",
                                "not_passed",
                                "withdrawn",
                            ]
                        ),
                    ),
                    models.CheckConstraint(
                        name="session_kind_known",
                        condition=Q(kind__in=["participant", "expert", "preview", "simulated"]),
                    ),
                    models.CheckConstraint(
                        name="session_verification_known",
                        condition=Q(verification__in=["signed", "confirmed", "unverified", "local"]),
                    ),
                    models.CheckConstraint(
                        name="session_outcome_fits_stage",
                        condition=Q(ended_at__isnull=False, outcome="completed", stage="finished")
                        | Q(ended_at__isnull=False, outcome="no_consent", stage="declined")
                        | Q(ended_at__isnull=False, outcome="failed_check", stage="not_passed")
                        | Q(ended_at__isnull=False, outcome="withdrawn", stage="withdrawn")
                        | Q(ended_at__isnull=True, outcome="", stage__in=("consent", "tutorial", "check", "tasks")),
                    ),
                    models.CheckConstraint(
                        name="session_consent_before_work",
                        condition=Q(stage__in=["consent", "declined"])
                        | Q(consented_at__isnull=False)
                        | Q(kind="expert"),
                    ),
                    models.CheckConstraint(
                        name="session_withdrawn_has_time",
                        condition=Q(stage="withdrawn", withdrawn_at__isnull=False)
                        | Q(stage__in=["finished", "not_passed"])
                        | (~Q(stage="withdrawn") & Q(withdrawn_at__isnull=True)),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="allocations", on_delete=models.PROTECT, to="annotations.study"),
                ),
                (
                    "session",
                    models.OneToOneField(
                        related_name="allocation", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        related_name="allocations", on_delete=models.PROTECT, to="annotations.participant"
                    ),
                ),
                (
                    "condition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="allocations",
                        on_delete=models.PROTECT,
                        to="annotations.condition",
                    ),
                ),
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
                        max_length=9,
                        default="live",
                        choices=[("live", "Live"), ("completed", "Completed"), ("released", "Released")],
                    ),
                ),
                ("allocated_at", models.DateTimeField()),
                ("lease_expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True, help_text="completed or released")),
                (
                    "release_reason",
                    models.CharField(
                        max_length=20,
                        blank=True,
                        help_text="expired, returned, timed_out, failed_check, withdrawn, restarted, closed",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "id"],
                "indexes": [
                    models.Index(name="allocation_lease", fields=["lease_expires_at"], condition=Q(state="live"))
                ],
                "constraints": [
                    models.CheckConstraint(
                        name="allocation_state_known", condition=Q(state__in=["live", "completed", "released"])
                    ),
                    models.CheckConstraint(
                        name="allocation_end_fits_state",
                        condition=Q(ended_at__isnull=True, release_reason="", state="live")
                        | Q(ended_at__isnull=False, release_reason="", state="completed")
                        | (Q(ended_at__isnull=False) & Q(state="released") & ~Q(release_reason="")),
                    ),
                    models.UniqueConstraint(
                        name="allocation_one_place_a_person",
                        fields=("participant",),
                        condition=Q(state__in=("live", "completed")),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", BIG_ID),
                ("public_id", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)),
                (
                    "session",
                    models.ForeignKey(
                        related_name="assignments", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(related_name="assignments", on_delete=models.PROTECT, to="annotations.task"),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        max_length=10,
                        default="waiting",
                        choices=[("waiting", "Waiting"), ("active", "Active"), ("ended", "Ended")],
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("first_deadline_at", models.DateTimeField(blank=True, null=True)),
                ("deadline_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end_reason",
                    models.CharField(
                        max_length=12,
                        blank=True,
                        choices=[
                            ("done", "Done"),
                            ("time_over", "Time Over"),
                            ("study_closed", "Study Closed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                    ),
                ),
            ],
            options={
                "ordering": ["session", "position"],
                "indexes": [models.Index(name="assignment_due", fields=["deadline_at"], condition=Q(state="active"))],
                "constraints": [
                    models.UniqueConstraint(name="assignment_once", fields=("session", "task")),
                    models.UniqueConstraint(name="assignment_position_once", fields=("session", "position")),
                    models.CheckConstraint(
                        name="assignment_times_fit_state",
                        condition=Q(end_reason="", ended_at__isnull=True, started_at__isnull=True, state="waiting")
                        | Q(end_reason="", ended_at__isnull=True, started_at__isnull=False, state="active")
                        | Q(
                            end_reason__in=["done", "time_over", "study_closed", "withdrawn"],
                            ended_at__isnull=False,
                            state="ended",
                        ),
                    ),
                    models.CheckConstraint(
                        name="assignment_deadlines_in_order",
                        condition=Q(deadline_at__isnull=True, first_deadline_at__isnull=True)
                        | Q(
                            deadline_at__gte=F("first_deadline_at"),
                            deadline_at__isnull=False,
                            deadline_at__lte=F("first_deadline_at") + timedelta(seconds=300),
                            first_deadline_at__gt=F("started_at"),
                            first_deadline_at__isnull=False,
                            started_at__isnull=False,
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeviceReport",
            fields=[
                ("id", BIG_ID),
                (
                    "session",
                    models.ForeignKey(
                        related_name="device_reports", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                ("client_uuid", models.UUIDField(null=True, help_text="of the page on which Start was pressed")),
                ("has_script", models.BooleanField()),
                ("images_load", models.BooleanField(null=True)),
                ("screen_width", models.PositiveIntegerField(null=True, help_text="of the window, in CSS pixels")),
                ("screen_height", models.PositiveIntegerField(null=True, help_text="of the window, in CSS pixels")),
                ("pixel_ratio", models.FloatField(null=True)),
                ("touch", models.BooleanField(null=True, help_text="the main pointer is a finger")),
                ("round_trip_ms", models.PositiveIntegerField(null=True, help_text="median of a few requests")),
                ("reported_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(name="device_report_once", fields=("session", "client_uuid"))],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", BIG_ID),
                (
                    "session",
                    models.OneToOneField(
                        related_name="consent", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                ("agreed", models.BooleanField()),
                ("text", models.TextField(help_text="as it was shown")),
                ("version", models.PositiveIntegerField(help_text="of the study's configuration")),
                ("language", models.CharField(max_length=10, default="en", db_default="en", help_text="of the text")),
                ("answered_at", models.DateTimeField()),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.CreateModel(
            name="PracticePhrase",
            fields=[
                ("id", BIG_ID),
                (
                    "session",
                    models.ForeignKey(
                        related_name="practice_phrases", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                ("client_uuid", models.UUIDField()),
                ("ordinal", models.PositiveIntegerField(help_text="1 for the first phrase of the visit")),
                ("text", models.CharField(max_length=120)),
                ("value", models.FloatField(null=True, help_text="error score, 0 to 1")),
                ("submitted_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["session", "ordinal"],
                "constraints": [
                    models.UniqueConstraint(name="practice_phrase_once", fields=("session", "client_uuid")),
                    models.UniqueConstraint(name="practice_phrase_ordinal_once", fields=("session", "ordinal")),
                    models.CheckConstraint(
                        name="practice_phrase_value_range", condition=Q(value__isnull=True) | Q(value__range=(0, 1))
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckAttempt",
            fields=[
                ("id", BIG_ID),
                (
                    "session",
                    models.ForeignKey(
                        related_name="check_attempts", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                ("client_uuid", models.UUIDField()),
                ("number", models.PositiveIntegerField(help_text="1 or 2")),
                ("answers", models.JSONField(help_text="the chosen option of each question")),
                ("n_wrong", models.PositiveIntegerField()),
                ("answered_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["session", "number"],
                "constraints": [
                    models.UniqueConstraint(name="check_attempt_once", fields=("session", "client_uuid")),
                    models.UniqueConstraint(name="check_attempt_number_once", fields=("session", "number")),
                    models.CheckConstraint(name="check_attempt_number_range", condition=Q(number__range=(1, 2))),
                ],
            },
        ),
        migrations.CreateModel(
            name="EndAnswer",
            fields=[
                ("id", BIG_ID),
                (
                    "session",
                    models.ForeignKey(
                        related_name="end_answers", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="of the question, from 1")),
                ("question", models.TextField(help_text="as it was shown")),
                (
                    "answer",
                    models.TextField(max_length=2000, help_text="as typed, or the study's own wording of a choice"),
                ),
                (
                    "language",
                    models.CharField(
                        max_length=10, default="en", db_default="en", help_text="of the question as it was shown"
                    ),
                ),
                ("answered_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["session", "number"],
                "constraints": [
                    models.UniqueConstraint(name="end_answer_once", fields=("session", "number")),
                    models.CheckConstraint(name="end_answer_not_empty", condition=~Q(answer="")),
                ],
            },
        ),
        migrations.CreateModel(
            name="Span",
            fields=[
                ("id", BIG_ID),
                (
                    "session",
                    models.ForeignKey(
                        related_name="spans", on_delete=models.PROTECT, to="annotations.annotationsession"
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        help_text="on its pages",
                        related_name="spans",
                        on_delete=models.PROTECT,
                        to="annotations.assignment",
                    ),
                ),
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
                        max_length=8,
                        choices=[
                            ("visible", "Visible"),
                            ("idle", "Idle"),
                            ("hidden", "Hidden"),
                            ("offline", "Offline"),
                            ("waiting", "Waiting"),
                            ("enlarged", "Enlarged"),
                        ],
                    ),
                ),
                ("image_key", models.CharField(max_length=24, blank=True, help_text="the image that was enlarged")),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["session", "began_at", "id"],
                "constraints": [
                    models.UniqueConstraint(name="span_once", fields=("session", "client_uuid")),
                    models.CheckConstraint(
                        name="span_kind_known",
                        condition=Q(kind__in=["visible", "idle", "hidden", "offline", "waiting", "enlarged"]),
                    ),
                    models.CheckConstraint(
                        name="span_times_in_order",
                        condition=Q(began_at__lte=F("ended_at"), ended_at__lte=F("received_at")),
                    ),
                    models.CheckConstraint(
                        name="span_has_image_where_enlarged",
                        condition=(Q(kind="enlarged") & ~Q(image_key="")) | (~Q(kind="enlarged") & Q(image_key="")),
                    ),
                ],
            },
        ),
    ]
