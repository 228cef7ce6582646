"""Invitations: links that a coordinator makes, each of which lets one person into a study."""

from django.db import models
from django.db.models import Q

from annotations.models.constraints import iff, once, rule
from annotations.models.study import Study


class InvitationState(models.TextChoices):
    UNUSED = "unused"
    USED = "used"
    REVOKED = "revoked"


class Invitation(models.Model):
    """One invitation. It names no person, and nothing here says which visit began with it (docs/decisions/0090)."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    number = models.PositiveIntegerField(help_text="in its study, from 1")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, which is 192 random bits")
    state = models.CharField(max_length=7, choices=InvitationState, default=InvitationState.UNUSED)
    client_uuid = models.UUIDField(null=True, help_text="of the page on which it was used")
    made_by = models.CharField(max_length=150, help_text="user name")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            once("invitation_number_once", "study", "number"),
            rule("invitation_state_known", state__in=InvitationState.values),
            rule("invitation_page_once_used", iff(Q(state=InvitationState.USED), Q(client_uuid__isnull=False))),
        ]

    def __str__(self) -> str:
        return f"invitation {self.number} to {self.study}"
