"""Random slices: which runs lack theirs, and storing them once for all runs of a class and a size."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from annotations.base.version import CODE_VERSION
from annotations.models import BaseModel, RandomSlices, RandomSliceScores, Run, RunState
from annotations.runs.retraining import TrainingBatch, batches_of
from clarify_errors.arrays.retraining.random_slices import rounded_slice_size


@dataclass(frozen=True, order=True)
class SliceKey:
    """What tells the random slices of a batch apart: their columns besides the batch's."""

    target_class: int
    n_above: int
    scheme: str

    @classmethod
    def of(cls, run: Run) -> "SliceKey":
        """Return the key of a run that is done."""
        assert run.n_above is not None and run.n_below is not None, "a run that is done has the sizes of its slices"
        return cls(run.target_class, rounded_slice_size(run.n_above, run.n_above + run.n_below), run.scheme)

    def seed(self, dataset_digest: str) -> int:
        """Return the seed of the directions, in 63 bits."""
        named = f"random slices {dataset_digest} {self.target_class} {self.n_above}".encode()
        return int.from_bytes(hashlib.sha256(named).digest()[:8]) >> 1


def lacking(batch: TrainingBatch) -> QuerySet[Run]:
    """Return the runs of a batch that are done, and have no random slices yet."""
    return batch.among(_lacking())


def lacking_batches() -> list[TrainingBatch]:
    """Return the batches that have such runs."""
    return batches_of(_lacking())


def find(run: Run) -> RandomSlices | None:
    """Return the random slices of a run that is done, where they are trained."""
    return RandomSlices.objects.filter(**TrainingBatch.of(run).columns, **vars(SliceKey.of(run))).first()


def store(batch: TrainingBatch, key: SliceKey, worst_groups: Sequence[float], versions: dict[str, str]) -> RandomSlices:
    """Store draws, or return those that another worker stored meanwhile."""
    stored, _created = RandomSlices.objects.get_or_create(
        **batch.columns,
        **vars(key),
        defaults={
            "seed": key.seed(batch.dataset.digest),
            "worst_groups": list(worst_groups),
            "code_version": CODE_VERSION,
            "versions": versions,
        },
    )
    return stored


def store_scores(draws: RandomSlices, base_model: BaseModel, values: Sequence[float]) -> None:
    """Store what draws score on a base model's validation images, unless another worker has meanwhile."""
    RandomSliceScores.objects.get_or_create(
        random_slices=draws, base_model=base_model, defaults={"values": list(values), "code_version": CODE_VERSION}
    )


def give(runs: Sequence[Run], draws: RandomSlices) -> int:
    """Give runs their random slices, which their base models have scores of; return how many had none."""
    return Run.objects.filter(pk__in=[run.pk for run in runs], random_slices=None).update(random_slices=draws)


def _lacking() -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.DONE, random_slices=None)
