"""A participant, and the visits (annotation sessions) of one."""

import base64
import secrets
import uuid
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from annotations.models.condition import Condition
from annotations.models.configuration import StudyConfiguration
from annotations.models.constraints import once, rule
from annotations.models.seals import seal
from annotations.models.study import Study

_WITHDRAWAL_TOKEN_DIGITS = 26  # of base32: 130 bits


def new_sealed_withdrawal_token() -> bytes:
    """Return what opens a visit's withdrawal page, at random, as it is stored."""
    token = base64.b32encode(secrets.token_bytes(20)).decode()[:_WITHDRAWAL_TOKEN_DIGITS]
    return seal(token.lower().encode())


class SessionKind(models.TextChoices):
    """Whose visit it is, fixed when it is made."""

    PARTICIPANT = "participant"
    EXPERT = "expert"
    PREVIEW = "preview"
    SIMULATED = "simulated"


UNCOUNTED = (SessionKind.PREVIEW, SessionKind.SIMULATED)  # in no count, quota, balance or export unless asked for
M = TypeVar("M", bound=models.Model)


class OfVisits(models.QuerySet[M]):
    """Rows that visits left, of which those of previews and simulations are nobody's. visit: the path to the visit."""

    visit: ClassVar[str]

    def counted(self) -> Self:
        """Rows that count: of no preview, and of no simulated visit. People, money and times are counted by these."""
        return self.exclude(**{f"{self.visit}kind__in": UNCOUNTED})


class ParticipantQuerySet(OfVisits["Participant"]):
    visit = "sessions__"  # each person of these kinds is made for one visit


class Participant(models.Model):
    """A person within one study, known by a pseudonym made with the study's own key."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participants")
    pseudonym = models.CharField(max_length=20, help_text="a random one once the person is erased")
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["study", "created_at"]
        constraints = [once("participant_once", "study", "pseudonym")]

    def __str__(self) -> str:
        return self.pseudonym


class Stage(models.TextChoices):
    """Where a visit stands; each stage has one page."""

    CONSENT = "consent"
    TUTORIAL = "tutorial"
    CHECK = "check"
    TASKS = "tasks"
    FINISHED = "finished"
    DECLINED = "declined"
    NOT_PASSED = "not_passed"
    WITHDRAWN = "withdrawn"


LASTING = (Stage.CONSENT, Stage.TUTORIAL, Stage.CHECK, Stage.TASKS)  # stages of a visit that has not ended


class Outcome(models.TextChoices):
    COMPLETED = "completed"
    NO_CONSENT = "no_consent"
    FAILED_CHECK = "failed_check"
    WITHDRAWN = "withdrawn"


class EntryVerification(models.TextChoices):
    """How sure it is that a person comes from Prolific, the surest first."""

    SIGNED = "signed", "signed link"
    CONFIRMED = "confirmed", "confirmed by Prolific's API"
    INVITED = "invited", "invited by a coordinator"
    UNVERIFIED = "unverified"
    LOCAL = "local", "not from Prolific"


class SessionQuerySet(OfVisits["AnnotationSession"]):
    visit = ""

    def kept(self) -> Self:
        """Visits whose work is kept: not withdrawn, not erased."""
        return self.filter(withdrawn_at=None, erased_at=None)

    def in_results(self, kind: SessionKind | None = None) -> Self:
        """Visits that count, of one kind or of all, and are not withdrawn or erased: what is said is read of these."""
        visits = self.counted().kept()
        return visits if kind is None else visits.filter(kind=kind)


class AnnotationSession(models.Model):
    """One visit: Prolific's SESSION_ID, seen through the study's key."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="sessions")
    configuration = models.ForeignKey(StudyConfiguration, on_delete=models.PROTECT, related_name="sessions")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="sessions")
    submission_key = models.CharField(max_length=20, help_text="pseudonym of the submission")
    kind = models.CharField(max_length=11, choices=SessionKind, default=SessionKind.PARTICIPANT)
    verification = models.CharField(max_length=10, choices=EntryVerification, default=EntryVerification.UNVERIFIED)
    condition = models.ForeignKey(Condition, null=True, blank=True, on_delete=models.PROTECT, related_name="sessions")
    order = models.PositiveSmallIntegerField(default=0, help_text="which of the study's orders of tasks, from 0")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.CONSENT)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    seed = models.BigIntegerField(help_text="seeds the samples of images this person is shown")
    code_version = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="found a wrong picture in the tutorial")
    tutorial_done_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    effect_seen_at = models.DateTimeField(null=True, blank=True, help_text="when the person saw what their words did")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="the person wants nothing of it to be used")
    is_late = models.BooleanField(default=False, help_text="completed after its place was given to somebody else")
    erased_at = models.DateTimeField(null=True, blank=True, help_text="only this row is left of it")
    sealed_withdrawal_token = models.BinaryField(
        default=new_sealed_withdrawal_token,
        blank=True,
        help_text="opens its withdrawal page; sealed under IDENTITY_KEYS; empty once ids are destroyed",
    )
    n_spans = models.PositiveIntegerField(default=0, help_text="of its budget, as the next ones")
    n_screens = models.PositiveIntegerField(default=0)
    n_replies = models.PositiveIntegerField(default=0)
    n_starts = models.PositiveIntegerField(default=0)
    n_refused = models.PositiveIntegerField(default=0, help_text="requests for which a budget was used up")

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = "visit"  # as all pages call it
        ordering = ["-created_at"]
        constraints = [
            once("submission_once", "study", "submission_key"),
            rule("session_stage_known", stage__in=Stage.values),
            rule("session_kind_known", kind__in=SessionKind.values),
            rule("session_verification_known", verification__in=EntryVerification.values),
            rule(
                "session_outcome_fits_stage",
                Q(stage=Stage.FINISHED, outcome=Outcome.COMPLETED, ended_at__isnull=False)
                | Q(stage=Stage.DECLINED, outcome=Outcome.NO_CONSENT, ended_at__isnull=False)
                | Q(stage=Stage.NOT_PASSED, outcome=Outcome.FAILED_CHECK, ended_at__isnull=False)
                | Q(stage=Stage.WITHDRAWN, outcome=Outcome.WITHDRAWN, ended_at__isnull=False)
                | Q(stage__in=LASTING, outcome="", ended_at__isnull=True),
            ),
            rule(
                "session_consent_before_work",
                Q(stage__in=[Stage.CONSENT, Stage.DECLINED])
                | Q(consented_at__isnull=False)
                | Q(kind=SessionKind.EXPERT),
            ),
            rule(
                "session_withdrawn_has_time",
                Q(stage=Stage.WITHDRAWN, withdrawn_at__isnull=False)
                | Q(stage__in=[Stage.FINISHED, Stage.NOT_PASSED])
                | (~Q(stage=Stage.WITHDRAWN) & Q(withdrawn_at__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["n_refused"], name="session_over_budget", condition=Q(n_refused__gt=0))]

    def __str__(self) -> str:
        return f"{self.participant} / {self.submission_key}"

    @property
    def is_uncounted(self) -> bool:
        """Whether it is a preview or a simulated visit, of which nothing counts."""
        return self.kind in UNCOUNTED

    @property
    def is_expert(self) -> bool:
        """Whether somebody who is logged in here annotates in it: without consent, tutorial, clock and code."""
        return self.kind == SessionKind.EXPERT

    @property
    def leads_back(self) -> bool:
        """Whether somebody, such as Prolific, waits for this visit's code where the person came from."""
        return self.kind == SessionKind.PARTICIPANT and self.verification != EntryVerification.INVITED

    @property
    def is_shown_suggestions(self) -> bool:
        """Whether the tasks' suggested words stand on this visit's pages."""
        return self.condition is None or self.condition.show_suggestions

    @property
    def is_suggested_rewordings(self) -> bool:
        """Whether other wordings are suggested in this visit."""
        return self.study.suggest_rewordings if self.condition is None else self.condition.suggest_rewordings

    @property
    def keyword_display(self) -> str:
        """Whether this visit's pages show a machine's keywords, and when."""
        return self.study.keyword_display if self.condition is None else self.condition.keyword_display

    @property
    def is_shown_effect(self) -> bool:
        """Whether this visit's last page shows what a retraining with the person's words does."""
        return self.study.show_effect if self.condition is None else self.condition.show_effect

    @property
    def goal(self) -> float | None:
        """The error score to aim at, as this visit's pages show it; None where they show none."""
        return self.study.goal if self.condition is None or self.condition.show_goal else None
