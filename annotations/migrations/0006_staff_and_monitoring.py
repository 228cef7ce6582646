"""Staff: roles, access tokens and the audit log; alarms and worker heartbeats."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("annotations", "0005_submissions_and_payments"),
    ]
    operations = [
        migrations.CreateModel(
            name="StudyMember",
            fields=[
                ("id", BIG_ID),
                ("study", models.ForeignKey(related_name="members", on_delete=models.CASCADE, to="annotations.study")),
                (
                    "user",
                    models.ForeignKey(
                        related_name="study_roles", on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "role",
                    models.CharField(max_length=11, choices=[("coordinator", "Coordinator"), ("analyst", "Analyst")]),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["study", "id"],
                "constraints": [
                    models.UniqueConstraint(name="study_member_once", fields=("study", "user")),
                    models.CheckConstraint(
                        name="study_member_role_known", condition=Q(role__in=["coordinator", "analyst"])
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                ("id", BIG_ID),
                (
                    "user",
                    models.ForeignKey(
                        related_name="access_tokens", on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("name", models.CharField(max_length=60, help_text="what it is for, as its person says")),
                (
                    "digest",
                    models.CharField(
                        max_length=64, unique=True, help_text="SHA-256 of the token, which is 256 random bits"
                    ),
                ),
                ("is_verified", models.BooleanField(help_text="whether the sign-in that made it had a second factor")),
                (
                    "sign_in_hash",
                    models.CharField(max_length=64, help_text="of the password then: another password ends the token"),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="access_token_expires_later", condition=Q(expires_at__gt=F("created_at"))
                    ),
                    models.CheckConstraint(name="access_token_has_name", condition=~Q(name="")),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="audit_records",
                        on_delete=models.SET_NULL,
                        to="annotations.study",
                    ),
                ),
                ("actor", models.CharField(max_length=150, help_text="user name; “system” for a scheduled job")),
                ("act", models.CharField(max_length=40)),
                (
                    "subject",
                    models.CharField(max_length=80, blank=True, help_text="what it was done to, under its pseudonym"),
                ),
                ("reason", models.TextField(blank=True)),
                ("detail", models.JSONField(default=dict, help_text="never an outside id")),
                ("occurred_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", BIG_ID),
                ("study", models.ForeignKey(related_name="alarms", on_delete=models.PROTECT, to="annotations.study")),
                ("kind", models.CharField(max_length=30)),
                ("message", models.TextField()),
                ("raised_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("notified_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0, help_text="tries to tell the coordinator")),
                ("last_error", models.TextField(blank=True)),
                (
                    "channels_notified",
                    models.JSONField(default=list, db_default=[], help_text="of “email” and “webhook”"),
                ),
                ("acknowledged_by", models.CharField(max_length=150, blank=True, default="", db_default="")),
            ],
            options={
                "ordering": ["-raised_at"],
                "constraints": [
                    models.UniqueConstraint(
                        name="alarm_once_at_a_time", fields=("study", "kind"), condition=Q(cleared_at__isnull=True)
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("id", BIG_ID),
                ("queue", models.CharField(max_length=40)),
                ("process", models.CharField(max_length=120, help_text="host and process id")),
                ("started_at", models.DateTimeField()),
                ("heartbeat_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["queue", "process"],
                "constraints": [models.UniqueConstraint(name="worker_heartbeat_once", fields=("queue", "process"))],
            },
        ),
    ]
