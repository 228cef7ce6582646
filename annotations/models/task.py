"""A task of a study: a data set, a class of it, and the base model whose errors are shown."""

from collections.abc import Collection
from typing import Self

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import F, Q

from annotations.models.constraints import once, rule
from annotations.models.dataset import BaseModel
from annotations.models.study import Study

DEFAULT_TEXT_TEMPLATE = "an image of a {phrase}"
_IN_WORDS = (
    ("task_phrase_limits", "max_phrases", "Give a number from 1 to 200 that is not below the least number of phrases."),
    ("task_time_limit", "time_limit_s", "Give from 30 to 7,200 seconds."),
    ("task_template_has_phrase", "text_template", "Write {phrase} where people's words go."),
)


class TaskQuerySet(models.QuerySet["Task"]):
    def with_base_models(self) -> Self:
        """Load base models with their data sets, each of them once for all of its tasks.

        A study of experts has a thousand tasks on one base model, with a thousand names of classes to read.
        """
        return self.prefetch_related("base_model__dataset")


MAX_GIVEN_BACK = 3  # tries of a task that return because the words found no difference


class Task(models.Model):
    """A data set, a target class and the base model shown, with the limits of the work on it."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="tasks")
    position = models.PositiveIntegerField(default=1)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="tasks")
    target_class = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="number of the class, from 0; empty: the class with the highest error rate, fixed at opening",
    )
    text_template = models.CharField(max_length=120, default=DEFAULT_TEXT_TEMPLATE)
    suggested_words = models.TextField(
        blank=True, help_text="shown to every participant as a start, one suggestion a line; empty: none are shown"
    )
    keywords = models.TextField(
        "a machine's keywords",
        blank=True,
        help_text="shown where the study or a condition says so, one a line; empty: the top 10 of the newest list that "
        "is ranked on the class, fixed at opening",
    )
    min_phrases = models.PositiveIntegerField("least phrases", default=1)
    max_phrases = models.PositiveIntegerField("most phrases", default=20)
    time_limit_s = models.PositiveIntegerField(
        "time limit, seconds", null=True, blank=True, default=600, help_text="empty: no clock, for experts alone"
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            once("task_position_once", "study", "position"),
            rule("task_phrase_limits", min_phrases__lte=F("max_phrases"), max_phrases__range=(1, 200)),
            rule("task_time_limit", Q(time_limit_s__isnull=True) | Q(time_limit_s__range=(30, 7200))),
            rule("task_template_has_phrase", text_template__contains="{phrase}"),
        ]

    def __str__(self) -> str:
        return f"{self.study.slug} task {self.position}"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Raise ValidationError in words, at the field, for what Django would say by a constraint's name."""
        try:
            super().validate_constraints(exclude)
        except ValidationError as error:
            told: dict[str, list[str]] = {}
            for message in error.messages:
                here = ((at, words) for name, at, words in _IN_WORDS if name in message)
                at, words = next(here, (NON_FIELD_ERRORS, message))
                told.setdefault(at, []).append(words)
            raise ValidationError(told) from error

    @property
    def max_scored(self) -> int:
        """Most phrases that may be scored: the tries, and those that are given back. Levels of guessing count all."""
        return self.max_phrases + MAX_GIVEN_BACK

    @property
    def suggestions(self) -> list[str]:
        """The suggested words, in order, without empty lines."""
        return _lines(self.suggested_words)

    @property
    def keyword_list(self) -> list[str]:
        """The machine's keywords, in order, without empty lines."""
        return _lines(self.keywords)

    @property
    def class_name(self) -> str:
        """Name of the target class; an unresolved one is named as what it will be, one that is not there as such."""
        if self.target_class is None:
            return "the class with the most errors"
        names = self.base_model.dataset.class_names
        return str(names[self.target_class]) if self.target_class < len(names) else f"no class ({self.target_class})"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
