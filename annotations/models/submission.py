"""Prolific's side of a visit and of a study: submissions, their ids sealed, the keys that unseal them, requests."""

import uuid

from django.db import models
from django.db.models import Q

from annotations.models.constraints import once, rule
from annotations.models.participant import AnnotationSession, OfVisits
from annotations.models.study import Study


class IdentityKey(models.Model):
    """The key that ties one person's pseudonym to the person; deleting the row cuts the tie for good.

    It seals the ids in `Submission` and the personal text in the event log, and is itself sealed under the site's
    IDENTITY_KEYS.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="identity_keys")
    pseudonym = models.CharField(max_length=20, help_text="of the participant")
    sealed_key = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [once("identity_key_once", "study", "pseudonym")]


class SubmissionQuerySet(OfVisits["Submission"]):
    visit = "session__"


class Submission(models.Model):
    """One submission of the study on Prolific, with or without a visit here. No other table holds ids from outside.

    `sealed_ids` is JSON of the three ids {participant, study, session} under the person's IdentityKey. Statuses are
    Prolific's words; an unknown one is kept as it came.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="submissions")
    submission_key = models.CharField(max_length=20, help_text="pseudonym of the submission")
    pseudonym = models.CharField(max_length=20, help_text="of the participant")
    session = models.OneToOneField(
        AnnotationSession, null=True, blank=True, on_delete=models.PROTECT, related_name="submission"
    )
    sealed_ids = models.BinaryField(null=True, help_text="null once destroyed")
    status = models.CharField(max_length=40, blank=True, help_text="Prolific's word; empty: not known")
    status_changed_at = models.DateTimeField(null=True, blank=True, help_text="by Prolific's clock")
    started_at = models.DateTimeField(null=True, blank=True, help_text="on Prolific")
    completed_at = models.DateTimeField(null=True, blank=True, help_text="on Prolific")
    entered_code = models.CharField(max_length=64, blank=True, help_text="completion code that Prolific got")
    reward_cents = models.PositiveIntegerField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="last told of by Prolific")
    is_of_another = models.BooleanField(
        default=False, help_text="Prolific names another person than the one who came with it"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["study", "id"]
        constraints = [once("submission_ids_once", "study", "submission_key")]
        indexes = [models.Index(fields=["study", "status"], name="submission_by_status")]

    def __str__(self) -> str:
        return self.submission_key


class ForgottenSubmission(models.Model):
    """A submission of an erased person: Prolific goes on telling of it, and it must not be stored again.

    Nothing else points here, and the random id keeps the order of the rows from saying whose it was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="forgotten_submissions")
    submission_key = models.CharField(max_length=20)

    class Meta:
        constraints = [once("forgotten_submission_once", "study", "submission_key")]


class Reconciliation(models.Model):
    """The last time that all of Prolific's submissions of a study were gone through, page by page."""

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="reconciliation")
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, help_text="of the last one that came through")
    n_submissions = models.PositiveIntegerField(default=0, help_text="that Prolific listed then")
    error = models.TextField(blank=True, help_text="why the last one did not come through")


class WebhookDelivery(models.Model):
    """A message from Prolific that was taken in: its effect is stored in the same transaction, so once."""

    event_id = models.CharField(max_length=100, unique=True)
    event_type = models.CharField(max_length=60)
    occurred_at = models.DateTimeField(help_text="by Prolific's clock")
    received_at = models.DateTimeField(auto_now_add=True)
    submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    status = models.CharField(max_length=40, blank=True)
    effect = models.CharField(max_length=40, help_text="applied, older, unknown_submission, unknown_study, ignored")

    class Meta:
        ordering = ["-received_at"]
        verbose_name_plural = "webhook deliveries"


class RequestState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class ProlificRequest(models.Model):
    """What a coordinator asked of Prolific: stored with the act, sent by a worker, tried again until it is done."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="prolific_requests")
    submission = models.ForeignKey(Submission, null=True, blank=True, on_delete=models.PROTECT, related_name="requests")
    act = models.CharField(
        max_length=30,
        help_text="approve, complete, request_return, screen_out, reject, unreject, message, pause_study …",
    )
    detail = models.JSONField(default=dict, help_text="message, category, code; never an outside id")
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(help_text="not tried before this")
    last_error = models.TextField(blank=True)
    requested_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            rule("prolific_request_state_known", state__in=RequestState.values),
            once(
                "prolific_request_once",
                "submission",
                "act",
                condition=Q(state=RequestState.PENDING) & ~Q(act="message"),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="prolific_request_due", condition=Q(state=RequestState.PENDING))
        ]


class StudyOnProlific(models.Model):
    """What Prolific said last of a study; no row where it was never asked, and told nothing."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="on_prolific")
    outside_id = models.CharField(max_length=64, help_text="Prolific's study id that this was said of")
    status = models.CharField(max_length=40, help_text="Prolific's word")
    told_at = models.DateTimeField(help_text="when it was so, by Prolific's clock")
    noted_at = models.DateTimeField(help_text="when it was heard here last, by our clock")

    class Meta:
        verbose_name_plural = "studies on Prolific"

    def __str__(self) -> str:
        return f"{self.study} is {self.status} on Prolific"
