"""Whether people's words beat a machine's, and on which classes: near the top of the results (decision 81)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from annotations.admin.common.number_formats import percent, points, score
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_splits import PEOPLE, PeopleLessMachine

_BY_ERROR_SCORE = "error_score"  # as people's best phrase is chosen, so that neither side is favoured
_NAMED = 8  # classes in a sentence
_WINNERS = (
    "People beat the machine",
    "The machine beats people",
    "Neither people nor the machine is shown to be better",
)
_PEOPLE, _IMAGES = "people", "test images"  # what an interval is over
_NOT_BOTH = "it takes a phrase of theirs and one of its keywords with which the model was retrained"
_TOO_FEW = "it takes two people whose gain is known"
_EARLIER = "an earlier version retrained with the keywords, and did not measure their own gain. Rank them again"


@dataclass(frozen=True)
class Duel:
    """People's best phrase and the machine's best keyword on a task's class, and the differences, by measure.

    gain: their own gains, None for the reason `why_not`.
    """

    class_name: str
    people: str
    machine: str
    less: Mapping[str, PeopleLessMachine]
    why_not: str

    @property
    def gain(self) -> PeopleLessMachine | None:
        return self.less.get("own_gain")


def duels(tables: StudyTables) -> dict[int, Duel]:
    """Return the duel of each task whose class has a keyword that retraining was asked for with, by its position.

    The keyword is the first by error score of the list whose first has the highest.
    """
    rows = [row for row in tables.keyword_splits.rows if row.part == "minority"]
    words = {(row.task, row.list_digest, row.whose): row for row in rows}
    less: defaultdict[tuple[int, str, str], dict[str, PeopleLessMachine]] = defaultdict(dict)
    for row in tables.less_machine.rows:
        less[row.task, row.list_digest, row.whose][row.measure] = row
    firsts = [(row, (row.task, row.ranked.digest, _BY_ERROR_SCORE)) for row in tables.keywords.rows if row.rank == 1]
    found = {}
    for first, key in sorted(firsts, key=lambda each: float(each[0].row["error_score"])):  # the highest is kept
        if key in words:
            people, machine = words[first.task, "", PEOPLE], words[key]
            why_not = (
                f"nothing is retrained with “{each.words}” ({each.why_not})"
                for each in (people, machine)
                if each.why_not
            )
            is_known = people.control is not None  # without a control a gain is over the base model, which says less
            otherwise = _TOO_FEW if machine.worst_group is not None else _EARLIER
            otherwise = otherwise if is_known else "the control is not trained yet"
            measures = less[key] if is_known else {}
            found[first.task] = Duel(people.class_name, people.words, machine.words, measures, next(why_not, otherwise))
    return found


def on_class(task: TaskFacts, duel: Duel | None, people_best: float | None) -> Iterator[str]:
    """Yield who wins on a task's class. people_best: the highest error score of people's phrases."""
    if not task.keywords or people_best is None:
        return
    if duel is None or duel.gain is None:
        first = max((each.best[0] for each in task.keywords), key=lambda row: float(row["error_score"]))
        why_not = duel.why_not if duel else _NOT_BOTH
        yield (
            f"Whether people beat the machine is not known: {why_not}. On the validation images its best keyword, "
            f"“{first['keyword']}”, has an error score of {score(first['error_score'])}, and people’s best phrase "
            f"{score(people_best)}."
        )
        return
    yield f"{_winner(duel.gain)}."
    yield (
        f"The phrase with the best error score of all people’s, “{duel.people}”, has an own gain of "
        f"{points(duel.gain.people)} points, and the machine’s best keyword by error score, “{duel.machine}”, one of "
        f"{points(duel.gain.machine)}. {_difference(duel.gain, _PEOPLE)}"
    )
    if before := duel.less.get("minority_before"):
        yield (
            f"As it is, the model gets {percent(before.people)} of the test images like “{duel.people}” right, and "
            f"{percent(before.machine)} of those like “{duel.machine}”. The lower, the harder the images that the "
            f"words name. {_difference(before, _IMAGES)}"
        )


def over_classes(found: Iterable[Duel]) -> Iterator[str]:
    """Yield who wins on which of several classes, and the mean difference with its interval."""
    gains = [(each.class_name, each.gain) for each in found if each.gain]
    if len(gains) < 2:
        return
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, gain in gains:
        names[_winner(gain)].append(name)
    yield " ".join(f"{winner} on {_named(names[winner], len(gains))}." for winner in _WINNERS if names[winner])
    # The same people may have worked on several classes, so their intervals are taken to go up and down together. That
    # is the widest that the interval of the mean can be.
    mean = map(fmean, zip(*((gain.difference, gain.low, gain.high) for _, gain in gains), strict=True))
    yield f"What counts is own gain. {_told('The mean difference', _PEOPLE, *mean)}"


def _winner(of: PeopleLessMachine) -> str:
    people, machine, neither = _WINNERS
    if of.low <= 0 <= of.high:
        return neither
    return people if of.low > 0 else machine


def _difference(of: PeopleLessMachine, drawn: str) -> str:
    return _told("The difference", drawn, of.difference, of.low, of.high)


def _told(what: str, drawn: str, value: float, low: float, high: float) -> str:
    """Say a difference and how sure it is. drawn: what might have been others."""
    if low == high:
        is_none = "There is no difference" if low == 0 else f"{what} is {points(value)} points"
        return f"{is_none}, however these {drawn} are resampled."
    interval = f"95% interval over {drawn}"
    if not low <= 0 <= high:
        return f"{what} is {points(value)} points ({interval} {points(low)} to {points(high)})."
    return f"{what}, {points(value)} points, may be nothing: its {interval}, {points(low)} to {points(high)}, holds 0."


def _named(classes: Sequence[str], n: int) -> str:
    more = f" and {len(classes) - _NAMED:,} more" if len(classes) > _NAMED else ""
    return f"{len(classes):,} of {n:,} classes ({', '.join(classes[:_NAMED])}{more})"
