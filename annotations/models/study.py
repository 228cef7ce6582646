"""A study: what a coordinator sets up, opens and watches."""

import secrets
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.db.models import F, Q

from annotations.models.consent_texts import default_consent
from annotations.models.constraints import iff, rule
from annotations.models.end_questions import validate_end_questions
from annotations.models.primary_measures import default_primary_measures, validate_primary_measures
from annotations.models.scheme import SCHEME_TITLE, Scheme
from annotations.models.seals import seal
from annotations.models.study_texts import (
    MAX_TEXT_LENGTH,
    MAX_TITLE_LENGTH,
    OWN_LANGUAGE,
    TRANSLATED,
    StudyText,
    study_text,
    validate_translations,
)
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, LANGUAGES

PROLIFIC_COMPLETION_URL = "https://app.prolific.com/submissions/complete?cc={code}"

# What can be put right even when the study is closed: whoever handed in a wrong code still waits for their pay.
CODES = {
    "completion_code": "completed",
    "no_consent_code": "no_consent",
    "failed_check_code": "failed_check",
    "researcher_code": "researcher",
}
# What never freezes: how to find and pay people, and whom to call. A code that was mistyped on one side can be mended.
AMENDABLE = (
    "external_study_id",
    *CODES,
    "failed_check_is_paid",
    "quota",
    "max_minutes",
    "reward_cents",
    "currency",
    "min_hourly_cents",
    "new_concept_chance",
    "alarm_email",
    "alarm_dropout",
    "alarm_failed_check",
)
# What nobody sets up: what becomes of the row itself.
OF_THE_ROW = (
    *("id", "state", "cloned_from", "sealed_pseudonym_key", "revision", "revised_by", "revised_at"),
    *("created_at", "opened_at", "closed_at"),
)


_SHARE = (MinValueValidator(0), MaxValueValidator(1))


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
    """Return the languages that phrases may be in, by code and name: called, so that another needs no migration."""
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


class KeywordDisplay(models.TextChoices):
    """Whether people see what a machine would say: the top keywords of the task's class."""

    NONE = "none", "not shown"
    BEFORE = "before", "shown from the start"
    ON_DEMAND = "on_demand", "shown to whoever asks for them"


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
        help_text="of the title, introduction, consent and questions that you write",
    )
    phrase_language = models.CharField(
        "language of the phrases", max_length=10, choices=phrase_language_choices, default=ENGLISH
    )
    translations = models.JSONField(
        default=dict,
        blank=True,
        help_text="what is left empty is shown in the study's own language, and the page says so",
    )
    state = models.CharField(max_length=10, choices=StudyState, default=StudyState.DRAFT)
    introduction = models.TextField(blank=True, max_length=MAX_TEXT_LENGTH)
    consent_text = models.TextField(default=default_consent, max_length=MAX_TEXT_LENGTH)
    researchers = models.CharField("run by", max_length=200, blank=True)
    external_study_id = models.CharField("Prolific's study id", max_length=64, blank=True)
    participant_parameter = models.CharField(max_length=40, default="PROLIFIC_PID", validators=[validate_slug])
    study_parameter = models.CharField(max_length=40, default="STUDY_ID", validators=[validate_slug])
    session_parameter = models.CharField(max_length=40, default="SESSION_ID", validators=[validate_slug])
    completion_code = models.CharField(max_length=40)
    completion_url = models.CharField(max_length=255, blank=True, default=PROLIFIC_COMPLETION_URL)
    no_consent_code = models.CharField(max_length=40, blank=True)
    comprehension_check = models.BooleanField(default=True)
    failed_check_code = models.CharField(max_length=40, blank=True)
    failed_check_is_paid = models.BooleanField(default=False)
    end_questions = models.TextField(blank=True, max_length=MAX_TEXT_LENGTH, validators=[validate_end_questions])
    goal = models.FloatField(null=True, blank=True, validators=_SHARE)
    suggest_rewordings = models.BooleanField("suggest other wordings", default=False)
    keyword_display = models.CharField(
        "a machine's keywords", max_length=9, choices=KeywordDisplay, default=KeywordDisplay.NONE
    )
    show_effect = models.BooleanField("show people what their words did", default=False, db_default=False)
    ask_trust = models.BooleanField("ask how much people trust the AI", default=False, db_default=False)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.CROWD)
    task_order = models.CharField("order of the tasks", max_length=8, choices=TaskOrder, default=TaskOrder.FIXED)
    quota = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    restart_rule = models.CharField("after a return", max_length=10, choices=RestartRule, default=RestartRule.SAME_CELL)
    lease_minutes = models.PositiveIntegerField(
        "place is held for, minutes", default=90, validators=[MinValueValidator(5), MaxValueValidator(24 * 60)]
    )
    only_verified = models.BooleanField("only verified entries", default=False)
    max_minutes = models.PositiveIntegerField(
        "Prolific's maximum time, minutes", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    reward_cents = models.PositiveIntegerField("reward, in hundredths", null=True, blank=True)
    currency = models.CharField(max_length=3, default="GBP")
    min_hourly_cents = models.PositiveIntegerField("least pay an hour, in hundredths", default=900)
    researcher_code = models.CharField(max_length=40, blank=True)
    bonus_cents = models.PositiveIntegerField("bonus, in hundredths", null=True, blank=True)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    new_concept_chance = models.FloatField(
        "enough people, when a new idea is rarer than", default=0.1, validators=_SHARE
    )
    primary_measures = models.JSONField(
        default=default_primary_measures, blank=True, validators=[validate_primary_measures]
    )
    scheme = models.CharField(SCHEME_TITLE, max_length=12, choices=Scheme, default=Scheme.CLASS_EQUAL)
    alarm_email = models.EmailField(blank=True)
    alarm_dropout = models.FloatField("alarm when this share drops out", default=0.4, validators=_SHARE)
    alarm_failed_check = models.FloatField("alarm when this share fails the check", default=0.3, validators=_SHARE)
    cloned_from = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="clones"
    )
    sealed_pseudonym_key = models.BinaryField(
        default=new_sealed_pseudonym_key, blank=True, help_text="sealed under IDENTITY_KEYS; empty once destroyed"
    )
    revision = models.PositiveIntegerField(
        default=0, editable=False, help_text="how often the draft was saved since it was made"
    )
    revised_by = models.CharField(max_length=150, blank=True, editable=False, help_text="user name of the last save")
    revised_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"
        constraints = [
            rule("study_state_known", state__in=StudyState.values),
            rule("study_opened_unless_draft", iff(Q(state=StudyState.DRAFT), Q(opened_at=None))),
            rule("study_closed_has_time", iff(Q(state=StudyState.CLOSED), ~Q(closed_at=None))),
            rule(
                "study_revision_names_who_and_when",
                Q(revision=0, revised_by="", revised_at__isnull=True)
                | (Q(revision__gt=0, revised_at__isnull=False) & ~Q(revised_by="")),
            ),
            rule("study_has_completion_code", ~Q(completion_code="")),
            rule(
                "study_codes_differ",
                ~Q(completion_code=F("no_consent_code"))
                & ~Q(completion_code=F("failed_check_code"))
                & (Q(no_consent_code="") | ~Q(no_consent_code=F("failed_check_code"))),
                says="Each outcome needs a code of its own: Prolific tells outcomes by their codes.",
            ),
            rule(
                "study_paid_screen_out_has_code",
                Q(failed_check_is_paid=False) | ~Q(failed_check_code=""),
                says="Being screened out with pay needs the failed check's code.",
            ),
            rule("study_audience_known", audience__in=Audience.values),
            rule("study_task_order_known", task_order__in=TaskOrder.values),
            rule("study_restart_rule_known", restart_rule__in=RestartRule.values),
            rule("study_scheme_known", scheme__in=Scheme.values),
            rule("study_quota_positive", Q(quota__isnull=True) | Q(quota__gte=1)),
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
    def who_enters(self) -> str:
        """Who can enter, in the words of every page that says it."""
        return (
            "Only people whom Prolific or an invitation vouches for" if self.only_verified else "Anybody with the link"
        )

    @property
    def stays_at_end(self) -> bool:
        """Whether its last page has something to read or answer, so that nobody is led away from it by itself.

        The same for all conditions, or their people would leave at other times.
        """
        return self.show_effect or self.ask_trust or self.conditions.filter(show_effect=True).exists()

    @property
    def keeps_ids(self) -> bool:
        """Whether its data can still be tied to persons: its key is not destroyed."""
        return bool(self.sealed_pseudonym_key)

    @property
    def codes(self) -> dict[str, str]:
        """The codes that it has, each by the outcome of a visit for which it stands, or by `researcher`."""
        return {outcome: code for name, outcome in CODES.items() if (code := getattr(self, name))}

    @property
    def _texts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*TRANSLATED, "language", "translations")}
