"""Controls: found by what they are of, and stored once."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotations.models import Control, Run
from annotations.runs.retraining import RetrainedHead, TrainingBatch


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
