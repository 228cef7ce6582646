"""What gathered images are worth, measured again."""

from collections.abc import Iterator

from annotations.models import GatheredTraining
from worker.pools.gathered_training import MEASURES, effects
from worker.recomputing.differences import Difference, differing_numbers, differing_values, listed


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
