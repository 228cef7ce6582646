"""What the best concepts of a task explain together: concepts_together.csv."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from .concept_rows import TaskConcepts
from .error_scores import Floats, error_score
from .release_tables import Release
from .report import Report, room_of_mean, room_of_quantile, room_of_sd

MAX_TOGETHER, MAX_CANDIDATES = 5, 50
MIN_DRAWS, MAX_DRAWS, WORK = 20, 200, 20_000_000
SEED = 20230  # of the half of the images that chooses; whatever else is random is drawn after it
LEVEL = 0.95
_CHOSEN = ["concept", "name", "learned", "held_out"]
_BY_CHANCE = ["shuffled", "shuffled_level", "random", "random_level"]
_OVER_SPLITS = ["splits", "over_splits", "over_splits_low", "over_splits_high"]


def rebuild_together(release: Release, report: Report, concepts: Mapping[int, TaskConcepts]) -> pd.DataFrame:
    """Compare concepts_together.csv; return its rows."""
    key, columns = ["task", "concepts"], [*_CHOSEN, *_BY_CHANCE, *_OVER_SPLITS]
    theirs = release.csv("concepts_together")
    theirs = theirs[theirs.task.isin(concepts)]
    rows = [row for task in theirs.task.unique() for row in _together(release, concepts[task])]
    mine = pd.DataFrame(rows, columns=[*key, *columns, *(f"{name}_room" for name in columns[len(_CHOSEN) :])])
    report.compare("concepts_together", key, mine, theirs, columns)
    return mine


def _together(release: Release, of: TaskConcepts) -> Iterator[dict[str, Any]]:
    """Choose concepts and thresholds on one half of the images; report the union's error score on the other."""
    places = [i for i, each in enumerate(of.said) if each.value > 0 and of.numbers[i]]
    if not places:
        return
    signed, numbers = of.signed[places], [of.numbers[i] for i in places]
    rng = np.random.default_rng(SEED)
    learn = _half(of.wrong, rng)
    members, candidates = _candidates(signed, numbers, of.wrong, learn)
    chosen, learned, held_out = _greedy(members, of.wrong, learn, MAX_TOGETHER)
    most, draws, splits = len(chosen), _times(members), _times(signed)
    shuffled = np.array([_held_out(members, _shuffled(of.wrong, learn, rng), learn, most) for _ in range(draws)])
    halves = (_half(of.wrong, rng) for _ in range(splits))
    over = np.array(
        [_held_out(_candidates(signed, numbers, of.wrong, half)[0], of.wrong, half, most) for half in halves]
    )
    random = release.lowest("random_directions", of.task).set_index("concepts")["values"]
    for i, place in enumerate(chosen):
        number = candidates[place]
        lead = of.lead(of.places(next(group for group, its in of.number_of.items() if its == number)))
        assert lead is not None, "every concept has one"
        yield {
            **dict(zip(_CHOSEN, (number, of.said[lead].text, learned[i], held_out[i]), strict=True)),
            **_by_chance("shuffled", shuffled[:, i]),
            **_by_chance("random", np.asarray(random[i + 1])),
            **_over_splits(over[:, i]),
            "task": of.task,
            "concepts": i + 1,
        }


def _by_chance(name: str, draws: Floats) -> dict[str, float]:
    return {
        name: draws.mean(),
        f"{name}_room": room_of_mean(draws),
        f"{name}_level": float(np.quantile(draws, LEVEL)),
        f"{name}_level_room": room_of_quantile(draws, LEVEL),
    }


def _over_splits(values: Floats) -> dict[str, float]:
    """Return the mean over halvings, with Nadeau and Bengio's interval."""
    n, mean = len(values), values.mean()
    errors = stats.t.ppf((1 + LEVEL) / 2, n - 1) * np.sqrt(1 / n + 1)
    room = room_of_mean(values)
    found = (n, mean, max(0.0, mean - errors * values.std(ddof=1)), min(1.0, mean + errors * values.std(ddof=1)))
    rooms = (0.0, room, *[room + errors * room_of_sd(values)] * 2)
    named = dict(zip(_OVER_SPLITS, found, strict=True))
    return named | {f"{name}_room": each for name, each in zip(_OVER_SPLITS, rooms, strict=True)}


def _times(looked_at: Floats) -> int:
    return int(np.clip(WORK // max(looked_at.size, 1), MIN_DRAWS, MAX_DRAWS))


def _half(wrong: Floats, rng: np.random.Generator) -> Floats:
    """Return a random half of the right and of the wrong images, both rounded up."""
    half = np.zeros(len(wrong), bool)
    for value in (False, True):
        rows = rng.permutation(np.flatnonzero(wrong == value))
        half[rows[: (len(rows) + 1) // 2]] = True
    return half


def _shuffled(wrong: Floats, learn: Floats, rng: np.random.Generator) -> Floats:
    """Return the errors, shuffled within either half."""
    shuffled = wrong.copy()
    for half in (learn, ~learn):
        shuffled[half] = rng.permutation(wrong[half])
    return shuffled


def _candidates(signed: Floats, numbers: Sequence[int], wrong: Floats, learn: Floats) -> tuple[Floats, list[int]]:
    """Return the slice of each concept's best annotation on the half that chooses, and the concept's number."""
    found = [error_score(row[learn], wrong[learn])[:2] for row in signed]
    taken: dict[int, Floats] = {}
    for turn in sorted(range(len(found)), key=lambda turn: (-found[turn][0], turn)):
        value, threshold = found[turn]
        if value > 0:
            taken.setdefault(numbers[turn], signed[turn] > np.float32(threshold))
    kept = list(taken)[:MAX_CANDIDATES]
    return np.array([taken[number] for number in kept]).reshape(-1, len(wrong)), kept


def _greedy(members: Floats, wrong: Floats, learn: Floats, most: int) -> tuple[list[int], list[float], list[float]]:
    """Return which concepts are chosen, and the error scores of their unions on either half; ties to the first."""
    union = np.zeros(len(wrong), bool)
    chosen: list[int] = []
    learned: list[float] = []
    held_out: list[float] = []
    reached = 0.0
    while len(chosen) < min(most, len(members)):
        gains = _scores(union | members, wrong, learn)
        best = int(np.argmax(np.round(gains, 12)))
        if gains[best] <= reached + 1e-12:
            break
        union, reached = union | members[best], float(gains[best])
        chosen.append(best)
        learned.append(reached)
        held_out.append(max(0.0, float(_scores(union[None], wrong, ~learn)[0])))
    return chosen, learned, held_out


def _scores(unions: Floats, wrong: Floats, half: Floats) -> Floats:
    """Return the share of wrong images of a half that are in each union, less that of the right ones."""
    found: Floats = unions[:, half & wrong].mean(axis=1) - unions[:, half & ~wrong].mean(axis=1)
    return found


def _held_out(members: Floats, wrong: Floats, learn: Floats, most: int) -> list[float]:
    """Return the held-out scores of 1, ... most of some slices; where fewer are chosen, more add nothing."""
    held_out = _greedy(members, wrong, learn, most)[2]
    return held_out + [held_out[-1] if held_out else 0.0] * (most - len(held_out))
