"""Whether people's words beat a machine's, and on which classes: near the top of the results (decision 93)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from annotations.analysis.observations.person_tasks import Basis
from annotations.analysis.observations.study_rows import MOST_TASKS, TaskFacts
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_splits import PEOPLE, PeopleLessMachine
from annotations.pages.number_formats import percent, points, score
from clarify_errors.arrays.common.counted_words import counted, persons
from clarify_errors.arrays.retraining.own_gain_intervals import WHY, tied_note

_BY_ERROR_SCORE = "error_score"  # as people's best phrase is chosen, so that neither side is favoured
_NAMED = 8  # classes in a sentence
_WINNERS = (  # by own gain: each criterion that the page shows has a verdict of its own, and says which it is
    "By own gain, people beat the machine",
    "By own gain, the machine beats people",
    "By own gain, people and the machine do not differ reliably",
)
_HARDER = (
    "People’s phrase names harder images than the machine’s keyword",
    "The machine’s keyword names harder images than people’s phrase",
    "Phrase and keyword do not differ reliably in how hard the images are that they name",
)
_NOT_BOTH = "the model must be retrained both with a person’s phrase and with one of the machine’s keywords"
_NO_RUN = "the model was not retrained with any person’s best phrase"
_EARLIER = "an earlier version retrained with the keywords and did not record which images are right. Rank them again"
_BEYOND = f"people and the machine are compared only on the first {MOST_TASKS} tasks with keywords"


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
    with_run = {row.task for row in tables.people.rows if row.basis is Basis.RUN}
    beyond = set(sorted({row.task for row in rows if row.list_digest})[MOST_TASKS:])
    found = {}
    for first, key in sorted(firsts, key=lambda each: float(each[0].row["error_score"])):  # the highest is kept
        if key in words:
            people, machine = words[first.task, "", PEOPLE], words[key]
            why_not = (
                f"the model is not retrained with “{each.words}” ({each.why_not})"
                for each in (people, machine)
                if each.why_not
            )
            is_known = people.control is not None  # without a control a gain is over the base model, which says less
            otherwise = (_BEYOND if first.task in beyond else _EARLIER) if first.task in with_run else _NO_RUN
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
            f"It is not known whether people beat the machine: {why_not}. On the validation images, the machine’s "
            f"best keyword, “{first['keyword']}”, has an error score of {score(first['error_score'])}. People’s "
            f"best phrase has {score(people_best)}."
        )
        return
    yield f"{_WINNERS[_place(duel.gain.low, duel.gain.high)]}."
    yield " ".join(_by_own_gain(duel, duel.gain))
    yield from _of_everybody(duel.gain)
    if before := duel.less.get("minority_before"):
        harder = _HARDER[_place(-before.high, -before.low)]  # the fewer are right, the harder they are
        yield (
            f"{harder}. Before retraining, the model gets {percent(before.people)} of the test images like "
            f"“{duel.people}” right, and {percent(before.machine)} of those like “{duel.machine}”. The difference is "
            f"{points(before.difference)} points (95% interval over test images {_ends(before)})."
        )


def over_classes(found: Iterable[Duel]) -> Iterator[str]:
    """Yield who wins on which of several classes, and the mean difference with its interval."""
    found = list(found)
    gains = [(each.class_name, each.gain) for each in found if each.gain]
    if len(gains) < 2:
        return
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, gain in gains:
        names[_WINNERS[_place(gain.low, gain.high)]].append(name)
    yield " ".join(f"{winner} on {_named(names[winner], len(gains))}." for winner in _WINNERS if names[winner])
    if any(each.why_not == _BEYOND for each in found if not each.gain):
        yield f"{_BEYOND.capitalize()}, and only these are counted here."
    # Models of classes of one data set share test images, so their intervals are taken to go up and down together. That
    # is the widest that the interval of the mean can be.
    mean, low, high = map(fmean, zip(*((gain.difference, gain.low, gain.high) for _, gain in gains), strict=True))
    yield (
        f"The mean difference of own gains is {points(mean)} points (95% interval over test images {points(low)} to "
        f"{points(high)})."
    )


def _by_own_gain(duel: Duel, of: PeopleLessMachine) -> Iterator[str]:
    yield (
        f"People’s phrase with the best error score, “{duel.people}”, has an own gain of {points(of.people)} points. "
        f"The machine’s keyword with the best error score, “{duel.machine}”, has {points(of.machine)}."
    )
    if of.low <= 0 <= of.high:
        yield (
            f"On these test images phrase and keyword do not differ reliably: the difference is "
            f"{points(of.difference)} points (95% interval {_ends(of)})."
        )
    else:
        first, second = ("phrase", "keyword") if of.low > 0 else ("keyword", "phrase")
        low, high = sorted(100 * abs(end) for end in (of.low, of.high))
        yield (
            f"On new images this {first} beats this {second} by {100 * abs(of.difference):.1f} points (95% interval "
            f"{low:.1f} to {high:.1f})."
        )
    yield WHY
    if note := tied_note(of.tied or (0, 0), "the phrase", "the keyword"):
        yield note.replace("The measured gain", "The measured difference")


def _of_everybody(of: PeopleLessMachine) -> Iterator[str]:
    """How many people named a phrase that beats the keyword, as a description: all share the keyword's error."""
    better, worse, neither = of.n_better or 0, of.n_worse or 0, of.n_not_told_apart or 0
    n = better + worse + neither
    if interval := wilson_interval(better, n):
        yield (
            f"The model was retrained with the best {'phrase' if n == 1 else 'phrases'} of {persons(n)}. "
            f"{counted(better, 'phrase beats', 'phrases beat')} the keyword ({better / n:.0%}; 95% interval "
            f"{100 * interval[0]:.0f} to {interval[1]:.0%}), {counted(worse, 'is', 'are')} worse, and "
            f"{counted(neither, 'does', 'do')} not differ reliably. The interval holds the test images fixed."
        )


def _place(low: float, high: float) -> int:
    """Which of three verdicts an interval of people less machine gives: for people, for the machine, or neither."""
    return 0 if low > 0 else 1 if high < 0 else 2


def _ends(of: PeopleLessMachine) -> str:
    return f"{points(of.low)} to {points(of.high)}"


def _named(classes: Sequence[str], n: int) -> str:
    more = f" and {len(classes) - _NAMED:,} more" if len(classes) > _NAMED else ""
    return f"{len(classes):,} of {n:,} classes ({', '.join(classes[:_NAMED])}{more})"
