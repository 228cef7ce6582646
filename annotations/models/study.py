"""A study: what a coordinator sets up, opens and watches."""

import secrets
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.db.models import F, Q

from annotations.models.consent_texts import default_consent
from annotations.models.end_questions import validate_end_questions
from annotations.models.keyword_display import KeywordDisplay
from annotations.models.primary_measures import default_primary_measures, validate_primary_measures
from annotations.models.scheme import Scheme
from annotations.models.seals import seal
from annotations.models.study_texts import (
    MAX_TITLE_LENGTH,
    OWN_LANGUAGE,
    TRANSLATED,
    StudyText,
    study_text,
    validate_translations,
)
from modeling.arrays.phrases.phrase_languages import ENGLISH, LANGUAGES

PROLIFIC_COMPLETION_URL = "https://app.prolific.com/submissions/complete?cc={code}"


def new_pseudonym_key() -> str:
    """Return a random key that turns outside ids into a study's pseudonyms."""
    return secrets.token_hex(32)


def new_sealed_pseudonym_key() -> bytes:
    """Return such a key as it is stored."""
    return seal(new_pseudonym_key().encode())


def new_code() -> str:
    """Return a random code for an outcome, such as a coordinator would otherwise invent."""
    return secrets.token_hex(4).upper()


def phrase_language_choices() -> list[tuple[str, str]]:
    """Return the languages that phrases may be in, by code and name."""
    return [(code, language.name) for code, language in LANGUAGES.items()]


class StudyState(models.TextChoices):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


OPEN_STATES = (StudyState.ACTIVE, StudyState.PAUSED)  # opened and not closed: people may be at work


class Audience(models.TextChoices):
    CROWD = "crowd", "people who come by the link"
    EXPERTS = "experts", "people who are logged in here"


class TaskOrder(models.TextChoices):
    FIXED = "fixed", "as numbered"
    BALANCED = "balanced", "balanced: each task comes equally often at each place"


class RestartRule(models.TextChoices):
    """What becomes of a person who returned a submission and comes with a new one."""

    SAME_CELL = "same_cell", "a new visit under the same condition"
    NEW_CELL = "new_cell", "a new visit, allocated anew"
    REFUSED = "refused", "not let in again"


class Study(models.Model):
    """What a coordinator sets up and watches. Editable while a draft; opening it freezes its configuration."""

    slug = models.SlugField(unique=True, validators=[validate_slug], help_text="appears in the participants' link")
    title = models.CharField(max_length=MAX_TITLE_LENGTH)
    language = models.CharField(
        max_length=10,
        choices=settings.LANGUAGES,
        default=OWN_LANGUAGE,
        db_default=OWN_LANGUAGE,
        help_text="of the title, introduction, consent and questions that you write",
    )
    phrase_language = models.CharField(
        "language of the phrases",
        max_length=10,
        choices=phrase_language_choices,  # a function, so that another language needs no migration
        default=ENGLISH,
        db_default=ENGLISH,
        help_text="in which people write; the data sets' encoder has to understand it",
    )
    translations = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="what is left empty is shown in the study's own language, and the page says so",
    )
    state = models.CharField(max_length=10, choices=StudyState, default=StudyState.DRAFT)
    introduction = models.TextField(
        blank=True, help_text="shown on the welcome page: what it is, how long, what it pays"
    )
    consent_text = models.TextField(default=default_consent)
    researchers = models.CharField(
        "run by",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="names and institution of who runs the study, shown before consent",
    )
    external_study_id = models.CharField(
        "Prolific's study id",
        max_length=64,
        blank=True,
        help_text="where given, a link with another study id is refused",
    )
    participant_parameter = models.CharField(max_length=40, default="PROLIFIC_PID", validators=[validate_slug])
    study_parameter = models.CharField(max_length=40, default="STUDY_ID", validators=[validate_slug])
    session_parameter = models.CharField(max_length=40, default="SESSION_ID", validators=[validate_slug])
    completion_code = models.CharField(max_length=40, help_text="shown only after the completion is stored")
    completion_url = models.CharField(
        max_length=255,
        blank=True,
        default=PROLIFIC_COMPLETION_URL,
        help_text="{code} stands for the code; empty: no redirect",
    )
    no_consent_code = models.CharField(max_length=40, blank=True, help_text="for those who do not consent")
    comprehension_check = models.BooleanField(
        default=True, db_default=True, help_text="three questions after the tutorial, with two tries"
    )
    failed_check_code = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="for those who fail the check twice; empty: they are asked to return the study",
    )
    failed_check_is_paid = models.BooleanField(
        default=False, db_default=False, help_text="that code screens out with pay; otherwise it asks for a return"
    )
    end_questions = models.TextField(
        blank=True,
        default="",
        db_default="",
        validators=[validate_end_questions],
        help_text="asked at the end, each may be skipped. One a line; answers to choose from follow it after |, as in "
        "“How hard was it? | easy | fine | hard”; without any, people write",
    )
    goal = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="error score to aim at",
    )
    suggest_rewordings = models.BooleanField(
        "suggest other wordings",
        default=False,
        help_text="to people who say that the program did not find what they meant",
    )
    keyword_display = models.CharField(
        "a machine's keywords",
        max_length=9,
        choices=KeywordDisplay,
        default=KeywordDisplay.NONE,
        db_default=KeywordDisplay.NONE,
        help_text="the top 10 that manage.py rank_keywords found; what each person saw is recorded",
    )
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.CROWD, db_default=Audience.CROWD)
    task_order = models.CharField(
        "order of the tasks", max_length=8, choices=TaskOrder, default=TaskOrder.FIXED, db_default=TaskOrder.FIXED
    )
    quota = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="people who shall complete it; empty: as many as come",
    )
    restart_rule = models.CharField(
        "after a return",
        max_length=10,
        choices=RestartRule,
        default=RestartRule.SAME_CELL,
        db_default=RestartRule.SAME_CELL,
        help_text="what becomes of a person who returned the study on Prolific and starts again",
    )
    lease_minutes = models.PositiveIntegerField(
        "place is held for, minutes",
        default=90,
        db_default=90,
        validators=[MinValueValidator(5), MaxValueValidator(24 * 60)],
        help_text="counted from consent; after that the place goes to somebody else, and a late completion is flagged",
    )
    only_verified = models.BooleanField(
        "only verified entries",
        default=False,
        db_default=False,
        help_text="refuse people whose link is neither signed by Prolific nor confirmed by its API",
    )
    max_minutes = models.PositiveIntegerField(
        "Prolific's maximum time, minutes", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    reward_cents = models.PositiveIntegerField("reward, in hundredths", null=True, blank=True)
    currency = models.CharField(max_length=3, default="GBP", db_default="GBP")
    min_hourly_cents = models.PositiveIntegerField(
        "least pay an hour, in hundredths",
        default=900,
        db_default=900,
        help_text="pre-flight warns where the estimate lies below it",
    )
    researcher_code = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="completes a submission whose redirect was lost"
    )
    bonus_cents = models.PositiveIntegerField(
        "bonus, in hundredths",
        null=True,
        blank=True,
        help_text="for a phrase above the goal and better than guessing, on held-out validation images",
    )
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="after the study is closed, the ids that tie its data to persons are destroyed; empty: by hand",
    )
    new_concept_chance = models.FloatField(
        "enough people, when a new idea is rarer than",
        default=0.1,
        db_default=0.1,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Good-Turing chance that the next person names a concept that nobody named before",
    )
    primary_measures = models.JSONField(
        default=default_primary_measures,
        db_default=["own_gain", "best_error_score"],
        blank=True,
        validators=[validate_primary_measures],
        help_text="measures that are tested together, declared before opening; all others are exploratory",
    )
    scheme = models.CharField(
        "in retraining",
        max_length=12,
        choices=Scheme,
        default=Scheme.CLASS_EQUAL,
        db_default=Scheme.CLASS_EQUAL,
        help_text="how much the images with and without a phrase count",
    )
    alarm_email = models.EmailField(blank=True, default="", db_default="")
    alarm_webhook = models.URLField(
        blank=True, default="", db_default="", help_text="https address that gets each alarm as JSON"
    )
    alarm_dropout = models.FloatField(
        "alarm when this share drops out",
        default=0.4,
        db_default=0.4,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    alarm_failed_check = models.FloatField(
        "alarm when this share fails the check",
        default=0.3,
        db_default=0.3,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    cloned_from = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="clones"
    )
    sealed_pseudonym_key = models.BinaryField(
        default=new_sealed_pseudonym_key, blank=True, help_text="sealed under IDENTITY_KEYS; empty once destroyed"
    )
    revision = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="how often the draft was saved since it was made"
    )
    revised_by = models.CharField(
        max_length=150, blank=True, default="", db_default="", editable=False, help_text="user name of the last save"
    )
    revised_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=StudyState.values), name="study_state_known"),
            models.CheckConstraint(
                condition=Q(state=StudyState.DRAFT, opened_at__isnull=True)
                | (~Q(state=StudyState.DRAFT) & Q(opened_at__isnull=False)),
                name="study_opened_unless_draft",
            ),
            models.CheckConstraint(
                condition=Q(state=StudyState.CLOSED, closed_at__isnull=False)
                | (~Q(state=StudyState.CLOSED) & Q(closed_at__isnull=True)),
                name="study_closed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(revision=0, revised_by="", revised_at__isnull=True)
                | (Q(revision__gt=0, revised_at__isnull=False) & ~Q(revised_by="")),
                name="study_revision_names_who_and_when",
            ),
            models.CheckConstraint(condition=~Q(completion_code=""), name="study_has_completion_code"),
            models.CheckConstraint(
                condition=~Q(completion_code=F("no_consent_code"))
                & ~Q(completion_code=F("failed_check_code"))
                & (Q(no_consent_code="") | ~Q(no_consent_code=F("failed_check_code"))),
                name="study_codes_differ",
                violation_error_message="Each outcome needs a code of its own: Prolific tells outcomes by their codes.",
            ),
            models.CheckConstraint(
                condition=Q(failed_check_is_paid=False) | ~Q(failed_check_code=""),
                name="study_paid_screen_out_has_code",
                violation_error_message="Being screened out with pay needs the failed check's code.",
            ),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="study_audience_known"),
            models.CheckConstraint(condition=Q(task_order__in=TaskOrder.values), name="study_task_order_known"),
            models.CheckConstraint(condition=Q(restart_rule__in=RestartRule.values), name="study_restart_rule_known"),
            models.CheckConstraint(condition=Q(scheme__in=Scheme.values), name="study_scheme_known"),
            models.CheckConstraint(condition=Q(quota__isnull=True) | Q(quota__gte=1), name="study_quota_positive"),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Raise ValidationError for translations that cannot stand in for the study's own texts."""
        super().clean()
        validate_translations(self._texts)

    def text(self, name: str, language: str) -> StudyText:
        """Return one of the study's own texts in a language, or in its own where it was not translated."""
        return study_text(self._texts, name, language)

    @property
    def keeps_ids(self) -> bool:
        """Whether its data can still be tied to persons: its key is not destroyed."""
        return bool(self.sealed_pseudonym_key)

    @property
    def _texts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*TRANSLATED, "language", "translations")}
