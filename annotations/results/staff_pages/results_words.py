"""What the results page says of a study's tables: numbers as readers want them, and plain sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.figures.study_figures import first_tasks
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import Comparison, Estimate, spread
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.measure_columns import Counted, TaskNovelty, Total
from annotations.analysis.tables.table3 import Listed, PhraseList
from annotations.pages.number_formats import MINUS, NONE
from annotations.results.staff_pages.finding_words import beside_random_slices, better_and_others, finding, most_said
from annotations.results.staff_pages.machine_verdict import Duel, duels, on_class
from annotations.results.staff_pages.unnamed_pictures import unnamed_sentences
from clarify_errors.arrays.common.counted_words import counted, persons
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing

_LONG_S = 120  # a time from which it is told in minutes
CATEGORY_LIMIT = 300  # phrases of a list on the page; its file has all

_MEASURES = {
    "own_gain": "Own gain, points",
    "best_error_score": "Best error score of a person’s phrases",
    "worst_group_accuracy": "Worst-group accuracy",
    "worst_group_accuracy_chosen_on_test": "Worst-group accuracy of the phrase that is best on test (optimistic)",
    "tries": "Tries: distinct phrases",
    "active_time": "Active time",
    "wall_time": "From start to end",
}
_OVER = {
    Over.ALLOCATED: "everybody with the task",
    Over.WITH_RUN: "only those with a retraining",
    Over.WITH_SCORE: "those with a scored phrase",
    Over.WITH_ANY_RUN: "those with any retraining",
    Over.COMPLETED: "those who ended the task themselves",
    Over.TIME_OVER: "those whose time on the task ran out",
}

_LISTS = {
    PhraseList.BEST_ACCURACY: "Each person’s best on test",
    PhraseList.BEST_SCORE: "Each person’s best error score",
    PhraseList.OTHERS: "All other phrases",
}


@dataclass(frozen=True)
class TaskWords:
    """Sentences on one task, and its measures.

    said: what most people said. headline, context: the finding and what it compares with, empty if there is none.
    details: what else it rests on. verdict: whether people beat the machine. sentences: who passed, what may be new.
    """

    facts: TaskFacts
    said: str
    headline: str
    context: str
    details: Sequence[str]
    verdict: Sequence[str]
    sentences: Sequence[str]
    rows: Sequence[Total]


def number(value: float | None, measure: str, *, signed: bool = False) -> str:
    """Return a measure's value: shares in percent (differences in points), times with their unit, a dash for none.

    >>> number(162.0, "active_time"), number(4.16, "active_time"), number(0.4, "active_time", signed=True)
    ('2.7 min', '4.2 s', '+0.4 s')
    >>> number(0.052, "worst_group_accuracy", signed=True), number(-0.01, "tries")
    ('+5.2', '0.0')
    >>> number(0.281, "own_gain")
    '+28.1'
    """
    return NONE if value is None else _number(value, measure, signed=signed).replace("-", MINUS)


def _number(value: float, measure: str, *, signed: bool) -> str:
    sign = "+z" if signed else "z"  # z: no -0.0
    if measure == "own_gain":
        return f"{100 * value:+z.1f}"
    if "accuracy" in measure:
        return f"{100 * value:{sign}.1f}" if signed else f"{value:.1%}"
    if measure.endswith("time"):
        return f"{value:{sign}.1f} s" if abs(value) < _LONG_S else f"{value / 60:{sign}.1f} min"
    return f"{value:{sign}.2f}" if measure == "best_error_score" else f"{value:{sign}.1f}"


def words_of_tasks(tables: StudyTables, concepts: ConceptTables) -> list[TaskWords]:
    """Return the sentences and the measures of each task that the page shows; of very many tasks the first."""
    compared = duels(tables)
    return [_task_words(tables, task, concepts, compared.get(task.position)) for task in first_tasks(tables)]


def _task_words(tables: StudyTables, task: TaskFacts, concepts: ConceptTables, duel: Duel | None) -> TaskWords:
    totals = [total for total in tables.totals.rows if total.task == task.position]
    shown: dict[Any, Total] = {}
    for total in totals:
        if total.estimate.n or total.over != Over.TIME_OVER:
            shown.setdefault((total.measure, total.estimate), total)  # of one measure over the same people the first
    people = [row for row in tables.people.rows if row.task == task.position]
    groups = [row for row in tables.group_gains.rows if row.task == task.position]
    beside = (*better_and_others(people), *beside_random_slices(people))
    told = [*finding(task, totals, groups), *beside, *unnamed_sentences(concepts, task.position)]
    headline, context, *details = [*told, *[""] * (2 - len(told))]
    return TaskWords(
        facts=task,
        said=most_said((row for row in concepts.concepts.rows if row.task == task.position), len(people)),
        headline=headline,
        context=context,
        details=details,
        verdict=list(on_class(task, duel, spread(row.best_error_score for row in people).max)),
        sentences=list(_sentences(tables, task, people)),
        rows=list(shown.values()),
    )


def categories(tables: StudyTables, tasks: Iterable[TaskFacts]) -> list[tuple[str, list[Any]]]:
    """Return the rows of table 3: a name, and for each task texts with their phrases, and how many more there are.

    A list that is too long has each text once, counted.

    tasks: those that have a column.
    """
    tasks = list(tasks)
    shown = {task.position for task in tasks}
    by_place: defaultdict[tuple[int, PhraseList], list[Listed]] = defaultdict(list)
    for row in tables.table_3.rows:
        if row.task in shown:
            by_place[row.task, row.phrase_list].append(row)
    return [(words, [_cell(by_place[task.position, name]) for task in tasks]) for name, words in _LISTS.items()]


def _sentences(tables: StudyTables, task: TaskFacts, people: Sequence[PersonTask]) -> Iterable[str]:
    scored = [row for row in people if row.best_error_score is not None]
    if not people:
        yield "Nobody has been given this task yet."
        return
    if not scored:
        yield f"{persons(len(people))} had this task, and no phrase has a score yet."
    else:
        yield passed_sentence(scored)
    for row in tables.novelty.rows:
        if row.task == task.position and row.novelty.chance is not None:
            yield _novelty_sentence(row)
            yield from needed_sentence(row)


def passed_sentence(scored: Sequence[PersonTask]) -> str:
    """Say how many of those with a score are better than guessing, and how many who guess would be; or why not."""
    better = Counter(row.better for row in scored)
    if not scored:
        return ""
    if better[BetterThanGuessing.TOO_FEW]:
        return (
            "There are too few images to tell whether anybody is better than guessing. At least 10 right and 10 "
            "wrong ones are needed."
        )
    if better[BetterThanGuessing.UNKNOWN]:
        return "It is not known yet whether people are better than guessing: common words are still being scored."
    n_better = better[BetterThanGuessing.YES]
    passed = f"{n_better} of the {persons(len(scored))} with a score passed: their best phrase is better than guessing"
    chances = [row.guess_chance for row in scored if row.guess_chance is not None]
    if len(chances) < len(scored):
        return f"{passed}."
    return (
        f"{passed}. If as many people typed random common words as often, about {sum(chances):.1f} of them would pass."
    )


def _novelty_sentence(row: TaskNovelty) -> str:
    of = row.novelty
    goal = f"The study’s goal is an interval that ends below {row.enough_below:.0%}"
    enough = "It is reached: enough people" if row.is_enough else "It is not reached yet: not enough people"
    which = " better than guessing" if row.counted is Counted.BETTER else ""
    return (
        f"{persons(of.people)} with a phrase named {counted(of.concepts, 'distinct concept')}{which} in total. "
        f"The chance that the next person names a new one is {of.chance:.0%} (95% interval "
        f"{of.low:.0%} to {of.high:.0%}). {goal}. {enough}."
    )


def needed_sentence(row: TaskNovelty) -> Iterable[str]:
    """Say how many more people it takes to reach the goal; nothing where it is reached."""
    of = row.needed
    if of is None or of.more == 0:
        return
    if of.more is None:
        estimate = f"More than {persons(of.most)} more are needed to reach it"
    else:
        estimate = f"About {counted(of.more, 'more person', 'more people')} would reach it"
    low = f"more than {of.most:,}" if of.low is None else f"{of.low:,}"
    high = f"more than {of.most:,}" if of.high is None else f"{of.high:,}"
    yield f"{estimate} (95%: {low} to {high} more)." if low != high else f"{estimate}."


def measure_name(measure: str) -> str:
    """Return what the page calls a measure."""
    return _MEASURES[measure]


def whose(over: str) -> str:
    """Return whom a mean is over."""
    return _OVER[Over(over)]


def beside(total: Total, task: TaskFacts) -> str:
    """Return whose value a mean is to be compared with, where there is one."""
    if total.reference is None:
        return ""
    return f"of {task.reference_name if 'accuracy' in total.measure else 'unrelated words'}"


def difference(value: float | None, measure: str) -> str:
    """Return a difference of two means of a measure."""
    return number(value, measure, signed=True)


def interval(of: Estimate | Comparison, measure: str) -> str:
    """Return the ends of the interval of a mean, or of a difference of two."""
    if of.low is None or of.high is None:
        return NONE
    low, high = (number(end, measure, signed=isinstance(of, Comparison)) for end in (of.low, of.high))
    return f"{low} to {high}"


def _cell(rows: list[Listed]) -> tuple[list[tuple[str, int]], int]:
    if len(rows) <= CATEGORY_LIMIT:
        return [(row.text, row.phrase) for row in rows], 0
    first = {row.text: row.phrase for row in reversed(rows)}
    texts = Counter(row.text for row in rows).most_common()
    shown = [(text if n == 1 else f"{text} ({n} times)", first[text]) for text, n in texts[:CATEGORY_LIMIT]]
    return shown, sum(n for _, n in texts[CATEGORY_LIMIT:])
