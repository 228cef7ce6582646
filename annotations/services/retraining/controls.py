"""Controls: found by what they are of, stored once, and given to the runs that lack one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from annotations.models import Control, Run, RunState
from annotations.services.retraining.runs import RetrainedHead, TrainingBatch, batches_of


@dataclass(frozen=True, order=True)
class ControlKey:
    """What tells the controls of a batch apart: the annotated classes, sorted, and the scheme."""

    target_classes: tuple[int, ...]
    scheme: str

    @classmethod
    def of(cls, run: Run) -> "ControlKey":
        return cls((run.target_class,), run.scheme)


def stored(batch: TrainingBatch, keys: Iterable[ControlKey]) -> dict[ControlKey, Control]:
    """Return those of the controls that are trained already."""
    wanted = set(keys)
    of_classes = Control.objects.filter(target_classes__in=[list(key.target_classes) for key in wanted])
    controls = of_classes.filter(**batch.columns)
    found = {ControlKey(tuple(each.target_classes), each.scheme): each for each in controls}
    return {key: found[key] for key in wanted & found.keys()}


def store(batch: TrainingBatch, key: ControlKey, trained: RetrainedHead) -> Control:
    """Store a control, or return the one that another worker stored meanwhile.

    Where several are stored in one transaction, their keys must be sorted, or two workers wait for each other.
    """
    control, _created = Control.objects.get_or_create(
        **batch.columns, target_classes=list(key.target_classes), scheme=key.scheme, defaults=trained.columns
    )
    return control


def lacking(batch: TrainingBatch) -> QuerySet[Run]:
    """Return the runs of a batch that were trained by a version without controls."""
    return batch.among(Run.objects.filter(state=RunState.DONE, control=None))


def lacking_batches() -> list[TrainingBatch]:
    """Return the batches that have such runs."""
    return batches_of(Run.objects.filter(state=RunState.DONE, control=None))


def give(batch: TrainingBatch, controls: Mapping[ControlKey, Control]) -> int:
    """Give each run of a batch that lacks its control the one of these that is its own; return how many got one."""
    return sum(
        lacking(batch).filter(target_class=key.target_classes[0], scheme=key.scheme).update(control=control)
        for key, control in controls.items()
    )
