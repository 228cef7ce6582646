"""What a phrase does to the images of its class: accuracy on either side of its threshold, and samples of both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.tables.keyword_splits import NO_MACHINE, Beside, ShownClass, Words, beside_machine
from annotations.analysis.tables.keyword_tables import PhraseAmongKeywords, Ranking, Said, among_keywords
from annotations.base.tables.columns import Table, worded
from clarify_errors.arrays.common.samples import sample

PANEL_SIZE = 12
_SEED = (6, 10)  # of the panels' samples


@dataclass(frozen=True)
class SplitPart:
    """Accuracy on a part of a split. part: minority (above the threshold), majority, class (both) or all classes."""

    task: int
    class_name: str
    phrase: str
    split: str
    part: str
    n: int
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Panel:
    """One image of a panel. directory: of the data set, relative to DATA_ROOT."""

    task: int
    class_name: str
    phrase: str
    slice: str
    place: int
    image_key: str
    is_error: bool
    similarity: float
    directory: str
    dataset: int


SPLITS: Table[SplitPart] = worded(__package__, "splits")
PANELS: Table[Panel] = worded(__package__, "panels")


@dataclass(frozen=True)
class Looked:
    """What is seen of a phrase. missing: why there is nothing, where a data set's files are not here."""

    parts: tuple[SplitPart, ...] = ()
    panels: tuple[Panel, ...] = ()
    among: tuple[PhraseAmongKeywords, ...] = ()
    beside: Beside = NO_MACHINE
    missing: str = ""


def look(shown: ShownClass, phrase: Said, rankings: Sequence[Ranking], draw: int) -> Looked:
    """Look at a scored phrase's class images. draw: which sample of them, so that phrases show different ones."""
    return Looked(
        parts=tuple(_parts(shown, phrase)) if phrase.on_test is not None else (),
        panels=() if phrase.threshold is None else tuple(panels(shown, phrase, phrase.similarities, draw)),
        among=tuple(among_keywords(shown, each, phrase) for each in rankings),
        beside=beside_machine(shown, phrase, [each for of in rankings for each in of.retrained]),
    )


def _parts(shown: ShownClass, phrase: Said) -> Iterator[SplitPart]:
    assert phrase.on_test is not None, "the caller has looked"
    names = (shown.task, shown.class_name, phrase.words)
    for split, values, before, after in (
        ("validation", phrase.similarities, shown.predicted, None),
        ("test", phrase.on_test, shown.test_predicted, phrase.after),
    ):
        above = phrase.above(values)
        for part, members in (("minority", above), ("majority", ~above), ("class", np.ones_like(above))):
            counted = members & (before >= 0)
            shares = (None if of is None else _share(of[counted] == shown.label) for of in (before, after))
            yield SplitPart(*names, split, part, int(counted.sum()), *shares)
    yield SplitPart(*names, "test", "all", shown.n_test, shown.plain_average, phrase.plain_average)


def panels(shown: ShownClass, words: Words, values: NDArray[np.float32], draw: int = 0) -> Iterator[Panel]:
    """Yield samples of the validation images of a class, of the easy and of the hard ones.

    values: float32[m], similarities of all of them.
    """
    above, is_error = words.above(values), shown.is_error
    for name, members in (("easy", ~above), ("hard", above)):
        positions = np.flatnonzero(members)
        chosen = positions[sample(len(positions), PANEL_SIZE, draw, _SEED)].tolist()
        for place, image in enumerate(chosen, start=1):
            yield Panel(
                task=shown.task,
                class_name=shown.class_name,
                phrase=words.words,
                slice=name,
                place=place,
                image_key=shown.keys[image].decode(),
                is_error=bool(is_error[image]),
                similarity=float(values[image]),
                directory=shown.directory,
                dataset=shown.dataset,
            )


def _share(right: NDArray[np.bool_]) -> float | None:
    return float(np.mean(right)) if len(right) else None
