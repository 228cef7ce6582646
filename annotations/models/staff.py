"""Who among the staff may do what in which study, and what they did; what they sign in with, and their programs."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django_otp.models import Device, ThrottlingMixin

from annotations.models.constraints import once, rule
from annotations.models.payment import amount
from annotations.models.study import Study

_CENTS = "cents"  # the end of a name of money


class Role(models.TextChoices):
    COORDINATOR = "coordinator"
    ANALYST = "analyst"


class StudyMember(models.Model):
    """A person's role in one study. Operators (superusers) need none."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_roles")
    role = models.CharField(max_length=11, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["study", "id"]
        constraints = [
            once("study_member_once", "study", "user"),
            rule("study_member_role_known", role__in=Role.values),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class AuditRecord(models.Model):
    """One act of the staff, or of the system in their name. Append-only, by a database trigger.

    Where a draft is deleted its records stay and only lose the link to it: `subject` still names it.
    """

    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.SET_NULL, related_name="audit_records")
    actor = models.CharField(max_length=150, help_text="user name; “system” for a scheduled job")
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True, help_text="what it was done to, under its pseudonym")
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict, help_text="never an outside id")
    occurred_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.actor}: {self.spoken_act}"

    @property
    def spoken_act(self) -> str:
        """The act as people read it."""
        return self.act.replace("_", " ")

    @property
    def spoken_detail(self) -> list[str]:
        """The detail as people read it, a line for each thing in it."""
        return [f"{_words(name)}: {_spoken(_in_units(name, value))}" for name, value in self.detail.items()]


def _spoken(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    match value:
        case bool():
            return "yes" if value else "no"
        case {"from": before, "to": after}:
            return f"{_spoken(before)} → {_spoken(after)}"
        case {"name": str(kind), "object": str(name)}:  # how the admin words a row of a form
            return f"{kind} “{name}”"
        case dict():
            return "; ".join(f"{_words(name)} {_spoken(_in_units(name, each))}" for name, each in value.items())
        case list():
            return ("; " if isinstance(value[0], dict) else ", ").join(_spoken(each) for each in value)
    return str(value)


def _words(name: str) -> str:
    return name.replace(_CENTS, "amount").replace("_", " ")


def _in_units(name: str, value: Any) -> Any:
    match value:
        case int() if name.endswith(_CENTS):
            return amount(value)
        case {"from": before, "to": after}:
            return {"from": _in_units(name, before), "to": _in_units(name, after)}
    return value


class Alarm(models.Model):
    """Something that needs a look, from when it began until it was over."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="alarms")
    kind = models.CharField(max_length=30)
    message = models.TextField()
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    notified_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="tries to tell the coordinator")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="by the process that tells the coordinator")
    last_error = models.TextField(blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-raised_at"]
        constraints = [once("alarm_once_at_a_time", "study", "kind", condition=Q(cleared_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} in {self.study}"


class AccessToken(models.Model):
    """What is stored of a token: its digest, and the sign-in that made it, which it stands for until it expires."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=60, help_text="what it is for, as its person says")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, which is 256 random bits")
    is_verified = models.BooleanField(help_text="whether the sign-in that made it had a second factor")
    sign_in_hash = models.CharField(max_length=64, help_text="of the password then: another password ends the token")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, help_text="to the minute; null: never")

    class Meta:
        ordering = ["-id"]
        constraints = [
            rule("access_token_expires_later", expires_at__gt=F("created_at")),
            rule("access_token_has_name", ~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class TotpDevice(ThrottlingMixin, Device):
    """What codes are made of, and what is known of earlier ones. A wrong code makes the next one wait longer."""

    sealed_secret = models.BinaryField(help_text="sealed under the site's IDENTITY_KEYS")
    drift = models.SmallIntegerField(default=0, help_text="half minutes that the app's clock is known to be early")
    last_step = models.BigIntegerField(default=-1, help_text="half minutes since 1970 of the last code that was used")

    class Meta:
        ordering = ["id"]

    def get_throttle_factor(self) -> int:
        """Seconds to wait after the first wrong code; django-otp doubles them with each further one."""
        return 1
