"""Who the simulated participants are: what each writes, how each goes about it, and where some leave."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """A way of going through a study, each with what it puts to the test."""

    DILIGENT = "diligent"  # looks at each score, answers what is asked, moves the threshold
    GROPER = "groper"  # finds it late or never
    HASTY = "hasty"  # guesses at the first try of the check, waits for no score
    RELOADER = "reloader"  # loads every page again
    TWO_TABS = "two-tab"  # sends everything twice, and phrases from two tabs in turn
    GIBBERISH = "gibberish"  # writes nonsense, and what cannot be scored
    CHECK_FAILER = "comprehension-failer"  # gets the check wrong twice
    DROPOUT = "dropout"  # leaves


class Leaves(StrEnum):
    """Where a visit ends; FINISHED is the way to the completion code."""

    DECLINING = "declining"
    BEFORE_TUTORIAL = "before_tutorial"
    MID_TASK = "mid_task"
    FINISHED = "finished"


@dataclass(frozen=True)
class Persona:
    """One simulated participant: the phrases in the order they are written, in each task anew."""

    name: str
    phrases: tuple[str, ...]
    leaves: Leaves = Leaves.FINISHED
    kind: Kind = Kind.GROPER


# Of the sprites: what points to the mistakes, and what does not.
GOOD = ("red", "red squares", "something red", "a red square", "crimson", "a red shape", "scarlet squares")
POOR = ("tilted", "a small shape", "green", "a dark background", "blue squares", "stripes", "yellow", "a large oval")
GIBBERISH = ("asdf", "qwertz uiop", "?!", "🟥🟥🟥", "lorem ipsum dolor", "…", "xx " * 60, "1234567890", "= 1 + 1")

_PARTS = (
    *(Kind.DILIGENT,) * 4,
    *(Kind.GROPER,) * 3,
    Kind.HASTY,
    Kind.RELOADER,
    Kind.TWO_TABS,
    Kind.GIBBERISH,
    Kind.DROPOUT,
    Kind.CHECK_FAILER,
)
_WHERE_DROPOUTS_LEAVE = (Leaves.MID_TASK, Leaves.DECLINING, Leaves.BEFORE_TUTORIAL)


def make_personas(n: int, seed: int) -> list[Persona]:
    """n personas, the same for the same seed: of every 13, four are diligent, three grope, and one is of each other
    kind."""
    rng = random.Random(seed)  # noqa: S311 - personas that can be made again, not a secret
    return [_persona(i, rng) for i in range(n)]


def talkative(persona: Persona, n_phrases: int) -> Persona:
    """The same persona with something more to say, so that at least `n_phrases` of its phrases can be scored."""
    more = tuple(f"something like number {i}" for i in range(1, n_phrases + 1))
    return persona if persona.leaves is not Leaves.FINISHED else replace(persona, phrases=persona.phrases + more)


def _persona(i: int, rng: random.Random) -> Persona:
    kind = _PARTS[i % len(_PARTS)]
    good, poor = _shuffled(GOOD, rng), _shuffled(POOR, rng)
    phrases: dict[Kind, tuple[str, ...]] = {
        Kind.DILIGENT: (*poor[:1], *good[:3]),
        Kind.GROPER: (*poor[:3], *good[: i % 2]),
        Kind.HASTY: tuple(good[:1]),
        Kind.RELOADER: (*poor[:2], *good[:1]),
        Kind.TWO_TABS: (good[0], good[0], good[0].upper(), poor[0]),
        Kind.GIBBERISH: tuple(_shuffled(GIBBERISH, rng)),
        Kind.DROPOUT: tuple(poor[:2]),
        Kind.CHECK_FAILER: (),
    }
    round_ = i // len(_PARTS)
    leaves = _WHERE_DROPOUTS_LEAVE[round_ % 3] if kind is Kind.DROPOUT else Leaves.FINISHED
    return Persona(f"{kind}-{i}", phrases[kind], leaves, kind)


def _shuffled(phrases: Sequence[str], rng: random.Random) -> list[str]:
    return rng.sample(phrases, len(phrases))
