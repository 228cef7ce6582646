"""The random slices that people's best phrases are judged beside, read for many scores at once."""

from collections.abc import Sequence

from annotations.analysis.observations.person_tasks import RandomDraws
from annotations.models import BaseModel, Control, RandomSlices, RandomSliceScores, RunState, Score

_AT_ONCE = 2_000


def draws_of(scores: Sequence[int]) -> dict[int, RandomDraws]:
    """Return the draws beside the run of each score, by its id; none where they are not there."""
    runs = {
        score: (draws, control, base_model)
        for start in range(0, len(scores), _AT_ONCE)
        for score, draws, control, base_model in _runs(scores[start : start + _AT_ONCE])
    }
    known = _read(set(runs.values()))
    return {score: draws for score, key in runs.items() if (draws := known.get(key)) is not None}


def _runs(scores: Sequence[int]) -> list[tuple[int, int, int, int]]:
    judged = Score.objects.filter(
        pk__in=scores, run__state=RunState.DONE, run__random_slices__isnull=False, run__control__isnull=False
    )
    return list(judged.order_by().values_list("pk", "run__random_slices", "run__control", "run__base_model"))


def _read(keys: set[tuple[int, int, int]]) -> dict[tuple[int, int, int], RandomDraws]:
    sets = RandomSlices.objects.in_bulk({key[0] for key in keys})
    controls = Control.objects.in_bulk({key[1] for key in keys})
    base_models = BaseModel.objects.in_bulk({key[2] for key in keys})
    scored = RandomSliceScores.objects.filter(random_slices__in=sets).values_list(
        "random_slices", "base_model", "values"
    )
    scores = {(draws, base_model): values for draws, base_model, values in scored}
    read = {}
    for draws, control, base_model in keys:
        of_draws = scores.get((draws, base_model))
        telling = sets[draws].telling_draws(controls[control], base_models[base_model])
        if of_draws is not None:
            reached = tuple(sets[draws].worst_groups)
            read[draws, control, base_model] = RandomDraws(tuple(of_draws), reached, telling is not None)
    return read
