"""A program's key to the read-only API, in the name of a person of the staff."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class AccessToken(models.Model):
    """What is stored of a token: its digest, and the sign-in that made it, which it stands for until it expires."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=60, help_text="what it is for, as its person says")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, which is 256 random bits")
    is_verified = models.BooleanField(help_text="whether the sign-in that made it had a second factor")
    sign_in_hash = models.CharField(max_length=64, help_text="of the password then: another password ends the token")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="access_token_expires_later"),
            models.CheckConstraint(condition=~Q(name=""), name="access_token_has_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
