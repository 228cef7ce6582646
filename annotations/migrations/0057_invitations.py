"""Invitations that coordinators make, and the visits of people who came by one."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

VERIFICATIONS = {
    "signed": "signed link",
    "confirmed": "confirmed by Prolific's API",
    "invited": "invited by a coordinator",
    "unverified": "Unverified",
    "local": "not from Prolific",
}
STATES = {"unused": "Unused", "used": "Used", "revoked": "Revoked"}


class Migration(migrations.Migration):
    dependencies = [("annotations", "0056_moderated_texts")]

    operations = [
        migrations.RemoveConstraint("annotationsession", "session_verification_known"),
        migrations.AlterField(
            "annotationsession",
            "verification",
            models.CharField(choices=list(VERIFICATIONS.items()), default="unverified", max_length=10),
        ),
        migrations.AddConstraint(
            "annotationsession",
            models.CheckConstraint(
                condition=Q(verification__in=list(VERIFICATIONS)), name="session_verification_known"
            ),
        ),
        migrations.CreateModel(
            "Invitation",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="in its study, from 1")),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the token, which is 192 random bits", max_length=64, unique=True
                    ),
                ),
                ("state", models.CharField(choices=list(STATES.items()), default="unused", max_length=7)),
                ("client_uuid", models.UUIDField(help_text="of the page on which it was used", null=True)),
                ("made_by", models.CharField(help_text="user name", max_length=150)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="annotations.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "number"), name="invitation_number_once"),
                    models.CheckConstraint(condition=Q(state__in=list(STATES)), name="invitation_state_known"),
                    models.CheckConstraint(
                        condition=Q(("state", "used"), ("client_uuid__isnull", False))
                        | Q(~Q(state="used"), ~Q(client_uuid__isnull=False)),
                        name="invitation_page_once_used",
                    ),
                ],
            },
        ),
    ]
