"""What the results page says of a study's tables: numbers as readers want them, and plain sentences."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotations.admin.common.number_formats import NONE, p_value
from annotations.admin.results.finding_words import beside_random_slices, better_and_others, finding, most_said
from annotations.admin.results.unnamed_pictures import unnamed_sentences
from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import RankedList, TaskFacts
from annotations.analysis.tables.comparison_columns import Compared
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.saturation_columns import Counted, TaskNovelty
from annotations.analysis.tables.study_columns import Total
from annotations.analysis.tables.table3 import Listed, PhraseList
from modeling.arrays.phrases.worded_scale import BetterThanGuessing

_LONG_S = 120  # a time from which it is told in minutes
CATEGORY_LIMIT = 300  # phrases of a list on the page; its file has all

_MEASURES = {
    "own_gain": "Own gain, points",
    "best_error_score": "Best error score of a person's phrases",
    "worst_group_accuracy": "Worst-group accuracy",
    "worst_group_accuracy_chosen_on_test": "Worst-group accuracy of the phrase that is best on test (optimistic)",
    "tries": "Tries: distinct phrases",
    "active_time": "Active time",
    "wall_time": "From start to end",
}
_OVER = {
    Over.ALLOCATED: "everybody with the task",
    Over.WITH_RUN: "only those with a retraining",
    Over.WITH_SCORE: "with a scored phrase",
    Over.WITH_ANY_RUN: "with any retraining",
    Over.COMPLETED: "who ended the task themselves",
    Over.TIME_OVER: "whose time on the task ran out",
}

_INNER_QUOTES = str.maketrans("“”", "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}")
_LISTS = {
    PhraseList.BEST_ACCURACY: "Each person's best on test",
    PhraseList.BEST_SCORE: "Each person's best error score",
    PhraseList.OTHERS: "All other phrases",
}


@dataclass(frozen=True)
class MeasureRow:
    """One measure of a task, ready to show. over: whose; beside: the base model's, or that of unrelated words."""

    name: str
    over: str
    n: int
    mean: str
    interval: str
    sd: str
    median: str
    max: str
    beside: str
    is_primary: bool
    p_value: str
    adjusted_p: str


@dataclass(frozen=True)
class TaskWords:
    """What a task's people reached. said: what most of them said; finding: the first sentences after that."""

    title: str
    said: str
    finding: list[str]
    sentences: list[str]
    rows: list[MeasureRow]


@dataclass(frozen=True)
class Table3Phrase:
    """Words as table 3 shows them. phrase: the id of the first that says them."""

    text: str
    phrase: int


@dataclass(frozen=True)
class Category:
    """One row of table 3: its name, and for each task the phrases, how many more there are, and how often each."""

    name: str
    cells: list[tuple[list[Table3Phrase], int]]


@dataclass(frozen=True)
class ComparisonRow:
    """One comparison, ready to show."""

    measure: str
    over: str
    is_primary: bool
    pair: str
    people: str
    means: str
    difference: str
    interval: str
    p_value: str
    adjusted_p: str


def number(measure: str, value: float | None, *, signed: bool = False) -> str:
    """Return a measure's value: shares in percent (differences in points), times with their unit, a dash for none.

    >>> number("active_time", 162.0), number("active_time", 4.16), number("active_time", -0.4, signed=True)
    ('2.7 min', '4.2 s', '-0.4 s')
    >>> number("worst_group_accuracy", -0.052, signed=True), number("tries", -0.01)
    ('-5.2', '0.0')
    >>> number("own_gain", 0.281)
    '+28.1'
    """
    if value is None:
        return NONE
    sign = "+z" if signed else "z"  # z: no -0.0
    if measure == "own_gain":
        return f"{100 * value:+z.1f}"
    if "accuracy" in measure:
        return f"{100 * value:{sign}.1f}" if signed else f"{value:.1%}"
    if measure.endswith("time"):
        return f"{value:{sign}.1f} s" if abs(value) < _LONG_S else f"{value / 60:{sign}.1f} min"
    return f"{value:{sign}.2f}" if measure == "best_error_score" else f"{value:{sign}.1f}"


def task_words(tables: StudyTables, task: TaskFacts, concepts: ConceptTables) -> TaskWords:
    """Return the sentences and the measures of one task. concepts: those of every task."""
    totals = [total for total in tables.totals.rows if total.task == task.position]
    shown = [total for total in totals if total.estimate.n or total.over != Over.TIME_OVER]
    people = [row for row in tables.people.rows if row.task == task.position]
    groups = next((each for each in tables.group_gains if each.task == task.position), None)
    beside = (*better_and_others(people), *beside_random_slices(people))
    found = [*finding(task, totals, groups), *beside, *unnamed_sentences(concepts, task.position)]
    said = most_said((row for row in concepts.concepts.rows if row.task == task.position), len(people))
    return TaskWords(
        task.title, said, found, list(_sentences(tables, task)), [_measure_row(total, task) for total in shown]
    )


def categories(tables: StudyTables, tasks: Iterable[TaskFacts]) -> list[Category]:
    """Return the rows of table 3 as the page shows them; a list that is too long has each text once, counted.

    tasks: those that have a column.
    """
    tasks = list(tasks)
    shown = {task.position for task in tasks}
    by_place: dict[tuple[int, PhraseList], list[Listed]] = {}
    for row in tables.table_3.rows:
        if row.task not in shown:
            continue
        by_place.setdefault((row.task, row.phrase_list), []).append(row)
    return [
        Category(words, [_cell(by_place.get((task.position, name), [])) for task in tasks])
        for name, words in _LISTS.items()
    ]


def comparison_rows(compared: Iterable[Compared]) -> list[ComparisonRow]:
    """Return the comparisons that could be made."""
    return [
        ComparisonRow(
            measure=_MEASURES[each.measure],
            over=_OVER[Over(each.over)],
            is_primary=each.is_primary,
            pair=f"“{each.second}” minus “{each.first}”",
            people=" and ".join(str(n) for n in dict.fromkeys(each.result.n)),
            means=" minus ".join(number(each.measure, mean) for mean in reversed(each.result.means or ())),
            difference=number(each.measure, each.result.difference, signed=True),
            interval=_interval(each.measure, each.result.low, each.result.high, signed=True),
            p_value=p_value(each.result.p_value),
            adjusted_p=p_value(each.adjusted_p),
        )
        for each in compared
        if each.result.difference is not None
    ]


def _sentences(tables: StudyTables, task: TaskFacts) -> Iterable[str]:
    people = [row for row in tables.people.rows if row.task == task.position]
    scored = [row for row in people if row.best_error_score is not None]
    if not people:
        yield "Nobody has been given this task yet."
        return
    if not scored:
        yield f"{_people(len(people))} had this task, and no phrase has a score yet."
    else:
        yield passed_sentence(scored)
    for row in tables.novelty.rows:
        if row.task == task.position and row.novelty.chance is not None:
            yield _novelty_sentence(row)
            yield from needed_sentence(row)
    for ranked in task.keywords:
        yield _keyword_sentence(ranked, max((row.best_error_score or 0.0 for row in scored), default=None))


def passed_sentence(scored: Sequence[PersonTask]) -> str:
    """Say how many of those with a score are better than guessing, and how many who guess would be; or why not."""
    better = Counter(row.better for row in scored)
    if not scored:
        return ""
    if better[BetterThanGuessing.TOO_FEW]:
        return "Too few images to tell whether anybody is better than guessing: it takes 10 right and 10 wrong ones."
    if better[BetterThanGuessing.UNKNOWN]:
        return "Whether people are better than guessing is not known yet: common words are still being scored."
    n_better = better[BetterThanGuessing.YES]
    passed = f"{n_better} of the {_people(len(scored))} with a score passed: their best phrase is better than guessing"
    chances = [row.guess_chance for row in scored if row.guess_chance is not None]
    if len(chances) < len(scored):
        return f"{passed}."
    return (
        f"{passed}. Of as many people who type random common words as often, {sum(chances):.1f} would pass by chance."
    )


def _keyword_sentence(ranked: RankedList, people_best: float | None) -> str:
    best = ranked.best[0]
    p = p_value(best["adjusted_p"])
    chance = f"p {p if p.startswith('<') else f'= {p}'} for the best of so many"
    beside = "" if people_best is None else f"; people's best phrase has {number('best_error_score', people_best)}"
    name = ranked.name.translate(_INNER_QUOTES)
    return (
        f"Without people: of the {ranked.n_keywords:,} keywords of “{name}”, “{best['keyword']}” scores highest,"
        f" with {number('best_error_score', best['error_score'])} ({chance}){beside}."
    )


def _novelty_sentence(row: TaskNovelty) -> str:
    of = row.novelty
    goal = f"The study's goal is an interval that ends below {row.enough_below:.0%}"
    enough = "It is reached: enough people" if row.is_enough else "It is not reached yet: not enough people"
    which = " with a phrase better than guessing" if row.counted is Counted.BETTER else ""
    ideas = "idea" if of.concepts == 1 else "ideas"
    return (
        f"Together the {_people(of.people)}{which} named {of.concepts} distinct {ideas}. "
        f"The chance that the next person names a new one is {of.chance:.0%} (95% interval "
        f"{of.low:.0%} to {of.high:.0%}). {goal}. {enough}."
    )


def needed_sentence(row: TaskNovelty) -> Iterable[str]:
    """Say how many more people it takes until the next one hardly names anything new; nothing where none are needed."""
    of = row.needed
    if of is None or row.is_enough or of.more == 0:
        return
    if of.more is None:
        estimate = f"To bring the estimate below it takes more than {_people(of.most)} more"
    else:
        estimate = f"About {of.more:,} more {'person' if of.more == 1 else 'people'} would bring the estimate below it"
    low = f"more than {of.most:,}" if of.low is None else f"{of.low:,}"
    high = f"more than {of.most:,}" if of.high is None else f"{of.high:,}"
    yield f"{estimate} (95%: {low} to {high} more)." if low != high else f"{estimate}."


def _measure_row(total: Total, task: TaskFacts) -> MeasureRow:
    of, measure = total.estimate, total.measure
    beside = number(measure, total.reference)
    if total.reference is not None:
        beside += f" of {task.reference_name}" if "accuracy" in measure else " of unrelated words"
    return MeasureRow(
        name=_MEASURES[measure],
        over=_OVER[Over(total.over)],
        n=of.n,
        mean=number(measure, of.mean),
        interval=_interval(measure, of.low, of.high),
        sd=number(measure, of.sd),
        median=number(measure, of.median),
        max=number(measure, of.max),
        beside=beside,
        is_primary=total.is_primary,
        p_value=p_value(total.p_value),
        adjusted_p=p_value(total.adjusted_p),
    )


def _cell(rows: list[Listed]) -> tuple[list[Table3Phrase], int]:
    if len(rows) <= CATEGORY_LIMIT:
        return [Table3Phrase(row.text, row.phrase) for row in rows], 0
    first = {row.text: row.phrase for row in reversed(rows)}
    counted = Counter(row.text for row in rows).most_common()
    shown = [
        Table3Phrase(text if n == 1 else f"{text} ({n} times)", first[text]) for text, n in counted[:CATEGORY_LIMIT]
    ]
    return shown, sum(n for _, n in counted[CATEGORY_LIMIT:])


def _interval(measure: str, low: float | None, high: float | None, *, signed: bool = False) -> str:
    if low is None or high is None:
        return NONE
    return f"{number(measure, low, signed=signed)} to {number(measure, high, signed=signed)}"


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"
