"""Many rows computed again, each data set's together."""

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from annotations.models import BaseModel, GatheredTraining, RandomSlices, Run, Score, VocabularyLevel
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.embeddings.training_features import NoRoom
from worker.datasets.head_training import heads_at_once
from worker.pools.gathered_training import MEASURES, effects
from worker.research.recomputing.differences import Difference, differing_numbers, differing_values, listed
from worker.research.recomputing.stored_runs import random_slice_differences, run_differences
from worker.research.recomputing.stored_scores import level_differences, score_differences


def gathering_differences(training: GatheredTraining) -> list[Difference]:
    """Train all heads of a training again and return which numbers of its table come out differently."""
    return listed(_of_training(training), "table", f"{len(training.table)} models")


def _of_training(training: GatheredTraining) -> Iterator[Difference]:
    again = effects(training)
    yield from differing_values("models", [row["name"] for row in training.table], [row["name"] for row in again])
    for stored, now in zip(training.table, again, strict=False):
        for name in ("n_added", "reason", "minutes"):
            yield from differing_values(f"{name} of {stored['name']}", stored[name], now[name])
        for name in [f"{measure}{end}" for measure in MEASURES for end in ("", "_gain")]:
            for place, (one, other) in enumerate(zip(stored.get(name, ()), now.get(name, ()), strict=False)):
                yield from differing_numbers(f"{name} [{place}] of {stored['name']}", one, other)


Row = Score | VocabularyLevel | Run | RandomSlices | GatheredTraining


def random_slices_of(runs: QuerySet[Run]) -> QuerySet[RandomSlices]:
    """Return the random slices that runs are judged beside, each set once."""
    return RandomSlices.objects.filter(pk__in=runs.order_by().values("random_slices"))


def compute_again(
    scores: QuerySet[Score],
    levels: QuerySet[VocabularyLevel],
    runs: QuerySet[Run],
    trainings: QuerySet[GatheredTraining],
    progress: Progress,
) -> Iterator[tuple[Row, Sequence[Difference]]]:
    """Yield each score, each level, each run, the runs' random slices, each training, with what comes out differently.

    The runs' states are in HAS_RESULT; the trainings with gathered images are done.
    """
    n_scores, n_levels, n_runs, done = scores.count(), levels.count(), runs.count(), 0
    for number, score in enumerate(_in_order(scores).iterator(), 1):
        yield score, score_differences(score)
        progress("scores", number, n_scores)
    for number, level in enumerate(levels.select_related("base_model__dataset").iterator(1), 1):
        yield level, level_differences(level)
        progress("levels", number, n_levels)
    for base_model, batch in _batches(runs):
        yield from zip(batch, run_differences(base_model, batch), strict=True)
        done += len(batch)
        progress("runs", done, n_runs)
    sets = random_slices_of(runs).select_related("dataset", "base_model__dataset")
    for number, draws in enumerate(sets, 1):
        yield draws, random_slice_differences(draws)
        progress("random slices", number, len(sets))
    for number, training in enumerate(trainings.select_related("gathering__base_model__dataset", "gathering__pool"), 1):
        yield training, gathering_differences(training)
        progress("gatherings", number, len(trainings))


def _in_order(scores: QuerySet[Score]) -> QuerySet[Score]:
    related = ("task__base_model__dataset", "session__participant", "session__study")
    joined = scores.select_related(*(f"phrase__assignment__{name}" for name in related))
    return joined.order_by("phrase__assignment__task__base_model__dataset", "pk")


def _batches(runs: QuerySet[Run]) -> Iterator[tuple[BaseModel, list[Run]]]:
    """Runs of one base model at a time, as many as a worker trains at once."""
    used = BaseModel.objects.filter(pk__in=runs.order_by().values("base_model")).select_related("dataset")
    for base_model in used.order_by("dataset", "pk"):
        ids = list(runs.filter(base_model=base_model).order_by("pk").values_list("pk", flat=True))
        at_once = _at_once(base_model)
        for start in range(0, len(ids), at_once):
            yield base_model, list(_with_all(Run.objects.filter(pk__in=ids[start : start + at_once])).order_by("pk"))


def _with_all(runs: QuerySet[Run]) -> QuerySet[Run]:
    related = ("base_model__dataset", "control", "assignment__session__participant", "assignment__session__study")
    return runs.select_related(*related)


def _at_once(base_model: BaseModel) -> int:
    try:
        return heads_at_once(base_model.dataset)
    except (BadDataset, NoRoom):
        return 1  # nothing will be trained, and each run says why
