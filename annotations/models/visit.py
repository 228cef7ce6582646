"""What a person did in a visit before and after the tasks. Rows are added, never changed."""

from django.db import models
from django.db.models import Q

from annotations.models.constraints import once, rule
from annotations.models.end_questions import MAX_ANSWER_LENGTH
from annotations.models.participant import AnnotationSession
from annotations.models.study_texts import OWN_LANGUAGE
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH

CHECK_TRIES = 2


class DeviceReport(models.Model):
    """Whether a browser runs the pages' script, as it said when its person pressed Start."""

    session = models.ForeignKey(AnnotationSession, on_delete=models.PROTECT, related_name="device_reports")
    client_uuid = models.UUIDField(null=True, help_text="of the page on which Start was pressed")
    has_script = models.BooleanField()
    reported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [once("device_report_once", "session", "client_uuid")]


class Consent(models.Model):
    """A person's answer, with the text that it answers to."""

    session = models.OneToOneField(AnnotationSession, on_delete=models.PROTECT, related_name="consent")
    agreed = models.BooleanField()
    text = models.TextField(help_text="as it was shown")
    version = models.PositiveIntegerField(help_text="of the study's configuration")
    language = models.CharField(max_length=10, default=OWN_LANGUAGE, help_text="of the text")
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class PracticePhrase(models.Model):
    """What a person tried in the tutorial. `value` is null for words that the tutorial does not know."""

    session = models.ForeignKey(AnnotationSession, on_delete=models.PROTECT, related_name="practice_phrases")
    client_uuid = models.UUIDField()
    ordinal = models.PositiveIntegerField(help_text="1 for the first phrase of the visit")
    text = models.CharField(max_length=MAX_PHRASE_LENGTH)
    value = models.FloatField(null=True, help_text="error score, 0 to 1")
    submitted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["session", "ordinal"]
        constraints = [
            once("practice_phrase_once", "session", "client_uuid"),
            once("practice_phrase_ordinal_once", "session", "ordinal"),
            rule("practice_phrase_value_range", Q(value__isnull=True) | Q(value__range=(0, 1))),
        ]

    def __str__(self) -> str:
        return self.text


class CheckAttempt(models.Model):
    """One of the two tries at the comprehension check."""

    session = models.ForeignKey(AnnotationSession, on_delete=models.PROTECT, related_name="check_attempts")
    client_uuid = models.UUIDField()
    number = models.PositiveIntegerField(help_text="1 or 2")
    answers = models.JSONField(help_text="the chosen option of each question")
    n_wrong = models.PositiveIntegerField()
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["session", "number"]
        constraints = [
            once("check_attempt_once", "session", "client_uuid"),
            once("check_attempt_number_once", "session", "number"),
            rule("check_attempt_number_range", number__range=(1, CHECK_TRIES)),
        ]


class EndAnswer(models.Model):
    """The answer to one of the study's own questions; one that was skipped has no row."""

    session = models.ForeignKey(AnnotationSession, on_delete=models.PROTECT, related_name="end_answers")
    number = models.PositiveIntegerField(help_text="of the question, from 1")
    question = models.TextField(help_text="as it was shown")
    answer = models.TextField(
        max_length=MAX_ANSWER_LENGTH, help_text="as typed, or the study's own wording of a choice"
    )
    language = models.CharField(max_length=10, default=OWN_LANGUAGE, help_text="of the question as it was shown")
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["session", "number"]
        constraints = [once("end_answer_once", "session", "number"), rule("end_answer_not_empty", ~Q(answer=""))]
