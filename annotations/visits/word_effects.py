"""What a person's words did, class by class, as the last page of a visit shows it. A worker counted all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from annotations.datasets.class_images import ClassImages, Picture, pictures_of
from annotations.log import events
from annotations.models import AnnotationSession, Dataset, Phrase, PhraseState, Run, RunState, Stage, Task, event_kinds
from annotations.phrases.task_screen import found
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.retraining.slice_effects import SliceEffect

_STATES = {1: "helped", 0: "unclear", -1: "unhelpful"}


@dataclass(frozen=True)
class Counts:
    """How many of so many images are right before and after, and where that is known without the words."""

    of: int
    before: int
    after: int
    control: int | None = None

    @classmethod
    def shown(cls, n: int, **right: int) -> Self:
        """Return counts as people read them: of 100 from 100 images on, unless different numbers would be equal."""
        of_hundred = {name: (200 * count + n) // (2 * n) for name, count in right.items()} if n >= 100 else right
        is_told = len({*of_hundred.values()}) == len({*right.values()})
        return cls(min(n, 100), **of_hundred) if is_told else cls(n, **right)


@dataclass(frozen=True)
class WordEffect:
    """What the best words of one class did.

    state: "waiting", "wordless", "refused" (their training images are nearly all or nearly none), "untrained",
    "untested" (no test image is like that), "helped", "unclear" or "unhelpful". lost: the counts of the group that lost
    most, with its name.
    """

    task: Task
    phrase: Phrase | None
    state: str
    counts: Counts | None = None
    before: tuple[Picture, ...] = ()
    after: tuple[Picture, ...] = ()
    lost: tuple[str, Counts] | None = None


def word_effects(session: AnnotationSession) -> tuple[WordEffect, ...]:
    """Return what the words of a finished visit did, by class; empty where it is not shown, or was withdrawn."""
    if not session.is_shown_effect or session.stage != Stage.FINISHED or session.withdrawn_at is not None:
        return ()
    owner, phrases = f"session:{session.pk}", Phrase.objects.filter(assignment__session=session)
    if phrases.filter(state=PhraseState.PENDING).exists():  # any of them may be the best
        return tuple(WordEffect(each.task, None, "waiting") for each in found(session))
    return tuple(_known(owner, each.task, each.best) for each in found(session))


def note_seen(session: AnnotationSession, effects: tuple[WordEffect, ...]) -> None:
    """Store when the person first saw what some of their words did."""
    if session.effect_seen_at is None and any(each.counts for each in effects):
        with transaction.atomic():
            unseen = AnnotationSession.objects.filter(pk=session.pk, effect_seen_at=None)
            if unseen.update(effect_seen_at=timezone.now()):
                events.record(event_kinds.EFFECT_SEEN, session)


def _known(owner: str, task: Task, best: Phrase | None) -> WordEffect:
    try:
        return _of_words(owner, task, best)
    except BadDataset:  # its files are away: the code on the same page must not wait for them
        return WordEffect(task, best, "waiting")


def _of_words(owner: str, task: Task, best: Phrase | None) -> WordEffect:
    if best is None:
        return WordEffect(task, None, "wordless")
    run = Run.objects.filter(scores__phrase=best).only("state", "effect", "n_above").first()
    if run is None or run.state == RunState.PENDING or (run.state == RunState.DONE and run.effect is None):
        return WordEffect(task, best, "waiting")
    if not run.effect:
        is_refused = run.state == RunState.REFUSED and run.n_above is not None
        return WordEffect(task, best, "refused" if is_refused else "untrained")
    effect, dataset = SliceEffect(**run.effect["counts"]), task.base_model.dataset
    if not effect.n:
        return WordEffect(task, best, "untested")
    counts = Counts.shown(effect.n, before=effect.before, control=effect.control, after=effect.after)
    rows, *predicted = np.array(run.effect["pictures"], np.int64).reshape(-1, 3).T
    before, after = (_pictures(owner, task, rows, classes) for classes in predicted)
    return WordEffect(task, best, _STATES[effect.verdict], counts, before, after, _lost(dataset, run.effect["lost"]))


def _pictures(owner: str, task: Task, rows: NDArray[np.int64], predicted: NDArray[np.int64]) -> tuple[Picture, ...]:
    shown = ClassImages(rows, predicted != task.target_class, predicted.astype(np.int32))
    return pictures_of(owner, task.base_model, shown, np.arange(len(rows)))


def _lost(dataset: Dataset, lost: Mapping[str, Any] | None) -> tuple[str, Counts] | None:
    if lost is None:
        return None
    return dataset.group_names[lost["group"]], Counts.shown(lost["n"], before=lost["before"], after=lost["after"])
