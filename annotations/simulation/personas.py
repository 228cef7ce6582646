"""Who the simulated participants are: what each writes, and where some leave."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Leaves(StrEnum):
    """Where a visit ends; FINISHED is the way to the completion code."""

    DECLINING = "declining"
    BEFORE_TUTORIAL = "before_tutorial"
    MID_TASK = "mid_task"
    FINISHED = "finished"


@dataclass(frozen=True)
class Vocabulary:
    """What there is to say about a task: phrases that point to the mistakes, and phrases that do not."""

    good: tuple[str, ...]
    poor: tuple[str, ...]


@dataclass(frozen=True)
class Persona:
    """One simulated participant: the phrases in the order they are written, in each task anew."""

    name: str
    phrases: tuple[str, ...]
    leaves: Leaves = Leaves.FINISHED


SPRITES = Vocabulary(
    good=("red", "red squares", "something red", "a red square", "crimson", "a red shape", "scarlet squares"),
    poor=("tilted", "a small shape", "green", "a dark background", "blue squares", "stripes", "yellow", "a large oval"),
)


def cast(n: int, seed: int, vocabulary: Vocabulary = SPRITES) -> list[Persona]:
    """n personas, the same for the same seed: of every 13, four find it, four grope towards it, two never do, one says
    the same again and again, one leaves in the middle, and one leaves before it begins."""
    rng = random.Random(seed)  # noqa: S311 - a cast that can be repeated, not a secret
    return [_persona(i, rng, vocabulary) for i in range(n)]


def _persona(i: int, rng: random.Random, vocabulary: Vocabulary) -> Persona:
    good, poor = _shuffled(vocabulary.good, rng), _shuffled(vocabulary.poor, rng)
    place = i % 13
    if place < 4:
        return Persona(f"finder-{i}", (*poor[:1], *good[:3]))
    if place < 8:
        return Persona(f"groper-{i}", (*poor[:3], *good[:1]))
    if place < 10:
        return Persona(f"stranger-{i}", tuple(poor[:4]))
    if place == 10:
        return Persona(f"repeater-{i}", (good[0], good[0], good[0].upper(), poor[0], "?!"))
    if place == 11:
        return Persona(f"leaver-{i}", tuple(poor[:2]), Leaves.MID_TASK)
    return Persona(f"passer-by-{i}", (), (Leaves.DECLINING, Leaves.BEFORE_TUTORIAL)[i // 13 % 2])


def _shuffled(phrases: Sequence[str], rng: random.Random) -> list[str]:
    return rng.sample(phrases, len(phrases))
