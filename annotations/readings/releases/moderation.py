"""The phrases of a study for whoever moderates them, each with what its correction does to every group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Lower, Trim

from annotations.models import BaseModelOrigin, Moderation, Phrase, Run, RunState, Study
from annotations.models.arrays import without_arrays
from annotations.readings.releases.writing_flags import flags_of, people_by_words, with_flag
from modeling.arrays.datasets.groups import group_names
from modeling.arrays.phrases.writing_traces import FLAGS

PER_PAGE = 50
ALL = "all"
NOTABLE_LOSS = 0.05  # of a group's accuracy: a correction that costs a group this much is pointed out


@dataclass(frozen=True)
class Change:
    """One group's accuracy on test, 0 to 1, before and after the retraining; None for a group without images."""

    group: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Effect:
    """What the retraining from one phrase does. worst: of the group that loses most, None where no group loses.

    since: what it is compared with, where that is not the base model.
    """

    worst_group_before: float
    worst_group_after: float
    changes: Sequence[Change]
    worst: Change | None
    since: str = ""

    @property
    def is_notable(self) -> bool:
        """Whether a group loses so much that it should be looked at."""
        return self.worst is not None and (self.worst.difference or 0) <= -NOTABLE_LOSS


@dataclass(frozen=True)
class Row:
    """Phrases of one text. phrase: the newest of them; effect: the one with the largest loss of any group.

    flags: what stands out in how one of them was written.
    """

    phrases: Sequence[Phrase]
    effect: Effect | None
    flags: Sequence[str]

    @property
    def phrase(self) -> Phrase:
        return self.phrases[0]


def phrases_to_moderate(study: Study, *, state: str, search: str = "", flag: str = "") -> QuerySet[Phrase]:
    """Return the study's phrases in a state of moderation (ALL: in any), newest first, without their scores' arrays.

    flag: of `modeling/arrays/phrases/writing_traces`, only those that stand out so; empty: all. Nothing of somebody who
    withdrew, also before a worker erases it.
    """
    phrases = Phrase.objects.filter(
        assignment__session__study=study, assignment__session__in=study.sessions.in_results()
    )
    if state != ALL:
        phrases = phrases.filter(moderation=state)
    if search:
        phrases = phrases.filter(text__icontains=search)
    if flag:
        phrases = with_flag(phrases, flag, people_by_words(study))
    related = (
        "assignment__session__participant",
        "assignment__task__base_model__dataset",
        "score__run__base_model",
        "score__run__control",
    )
    return without_arrays(phrases.select_related(*related)).order_by("-submitted_at", "-pk")


def page_of(study: Study, phrases: QuerySet[Phrase], number: str | int) -> tuple[Page[Any], list[Row]]:
    """Return one page of the texts, however written, and its rows; a number outside is the nearest page."""
    keyed = phrases.annotate(words=Lower(Trim("text")), decided=F("moderation"))
    texts = (
        keyed.order_by().values("words", "decided").annotate(newest=Max("submitted_at")).order_by("-newest", "words")
    )
    page = Paginator(texts, PER_PAGE).get_page(number)
    by_text: dict[tuple[str, str], list[Phrase]] = {(text["words"], text["decided"]): [] for text in page}
    for phrase in keyed.filter(words__in=[words for words, _ in by_text]):
        by_text.get((phrase.words, phrase.moderation), []).append(phrase)
    people = people_by_words(study)
    found = [(same, {flag for phrase in same for flag in flags_of(phrase, people)}) for same in by_text.values()]
    return page, [Row(same, _worst_of(same), [flag for flag in FLAGS if flag in flags]) for same, flags in found]


def _worst_of(phrases: Sequence[Phrase]) -> Effect | None:
    effects = [effect_of(getattr(getattr(phrase, "score", None), "run", None)) for phrase in phrases]
    known = [effect for effect in effects if effect is not None]
    return min(known, key=lambda each: each.worst.difference or 0.0 if each.worst else 0.0, default=None)


def counts(study: Study) -> dict[str, int]:
    """Return how many phrases are in each state of moderation, every state named, and all of them under ALL."""
    phrases = phrases_to_moderate(study, state=ALL).order_by()
    by_state = dict.fromkeys(Moderation.values, 0)
    for state in phrases.values_list("moderation", flat=True):
        by_state[state] += 1
    return {**by_state, ALL: sum(by_state.values())}


def effect_of(run: Run | None) -> Effect | None:
    """Return what a run that is done changed on test, None for any other.

    Of imported predictions it is what changed over a new last layer without a phrase, None until that is trained.
    """
    if run is None or run.state != RunState.DONE or run.worst_group_accuracy is None:
        return None
    before, since = run.base_model.test_metrics, ""
    if run.base_model.origin == BaseModelOrigin.IMPORTED:
        if run.control is None:
            return None
        since = run.base_model.control_name
        before = {"accuracies": run.control.group_accuracies, "worst_group": run.control.worst_group_accuracy}
    dataset = run.base_model.dataset
    names = group_names(dataset.class_names, dataset.attribute_names)
    pairs = zip(names, before["accuracies"], run.group_accuracies or [], strict=True)
    changes = [Change(name, old, new) for name, old, new in pairs]
    losing = [change for change in changes if change.difference is not None and change.difference < 0]
    return Effect(
        worst_group_before=before["worst_group"],
        worst_group_after=run.worst_group_accuracy,
        changes=changes,
        worst=min(losing, key=lambda change: change.difference or 0.0, default=None),
        since=since,
    )
