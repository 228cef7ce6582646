"""What people stand beside on a task: other methods on the same images, and keywords that nobody said."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import BEST_KEYWORDS, RankedList, TaskFacts
from annotations.analysis.statistics.estimate_types import spread
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SCORE, SHARE, field, task_column


@dataclass(frozen=True)
class Method:
    """A method beside the people, on the same test images. n: classifiers, or experts, that mean and sd are over."""

    task: int
    key: str
    name: str
    given: str
    n: int
    over: str
    worst_group: float | None
    worst_group_sd: float | None
    average: float | None
    left_out: str
    worst_group_low: float | None = None
    worst_group_high: float | None = None


@dataclass(frozen=True)
class Keyword:
    """One of the best keywords of a list on a task's class. rank: from 1; row: as `KeywordRanking.rows` has it."""

    task: int
    ranked: RankedList
    rank: int
    row: dict[str, Any]


def _cell_of(name: str) -> Callable[[Keyword], Any]:
    return lambda keyword: keyword.row[name]


_TASK = task_column(field("task"))

METHODS: Table[Method] = Table(
    "baselines.csv",
    "one row per task and method that the people stand beside, measured on the same test images",
    "by task, then as the methods stand",
    (
        _TASK,
        Column("method", "text", "key of the method, as manage.py benchmark names it", field("key")),
        Column("name", "text", "the method", field("name")),
        Column("given", "text", "what it is given beside the images", field("given")),
        Column("n", "integer", "classifiers, or experts, in the mean", field("n"), **COUNT),
        Column("over", "text", "what mean and sd are over", field("over")),
        Column("worst_group_accuracy", "number", "on test, mean", field("worst_group"), **SHARE),
        Column("worst_group_accuracy_sd", "number", "sample standard deviation", field("worst_group_sd"), unit="share"),
        Column(
            "worst_group_accuracy_low",
            "number",
            "of the mean for other test images: lower end of its 95% interval",
            field("worst_group_low"),
            computed="bootstrap of the test images within groups, the worst group found again each time",
            **SHARE,
        ),
        Column("worst_group_accuracy_high", "number", "upper end of it", field("worst_group_high"), **SHARE),
        Column(
            "average_accuracy", "number", "on test, weighted by the groups' train counts", field("average"), **SHARE
        ),
        Column("left_out", "text", "why there are no figures", field("left_out")),
    ),
)

KEYWORDS: Table[Keyword] = Table(
    "keywords.csv",
    f"one row per task, list and keyword: the best {BEST_KEYWORDS} of each list that manage.py rank_keywords ranked on "
    "the task's class; nobody said them, and no participant saw them",
    "by task, list, then rank",
    (
        _TASK,
        Column("list", "text", "name of the list", field("ranked.name")),
        Column("list_digest", "text", "SHA-256 of template and keywords, one a line", field("ranked.digest")),
        Column("list_keywords", "integer", "keywords in the list", field("ranked.n_keywords"), **COUNT),
        Column("text_template", "text", "what a keyword was put into", field("ranked.template")),
        Column("rank", "integer", "by error score", field("rank"), range="1 or more"),
        Column("keyword", "text", "the keyword", _cell_of("keyword")),
        Column("sign", "integer", "-1 where the keyword is a negation", _cell_of("sign"), range="-1, 1"),
        Column("error_score", "number", "as of a phrase, on the validation images", _cell_of("error_score"), **SCORE),
        Column(
            "threshold", "number", "of the error score; empty where that is 0", _cell_of("threshold"), unit="cosine"
        ),
        Column("p_value", "number", "of this keyword alone", _cell_of("p_value"), **SCORE),
        Column(
            "adjusted_p",
            "number",
            "probability that the best of the whole list reaches this score by chance",
            _cell_of("adjusted_p"),
            computed="the list scored again with permuted labels, from a fixed seed",
            **SCORE,
        ),
        Column(
            "clip_score",
            "number",
            "100 times the mean similarity of wrong images less that of correct ones",
            _cell_of("clip_score"),
        ),
    ),
)


def methods(tasks: Iterable[TaskFacts], experts: tuple[PersonTask, ...]) -> Iterator[Method]:
    """Yield the rows of `METHODS`; experts: what each of them reached."""
    for task in tasks:
        yield Method(
            task.position, "base_model", f"Base model shown ({task.base_model})", "Labels", 1, "one classifier",
            task.base_worst_group, None, task.base_average, "",
        )  # fmt: skip
        if task.control_worst_group is not None:
            yield Method(
                task.position, "control", f"{task.control_name} (no phrase)", "Labels", 1, "one classifier",
                task.control_worst_group, None, None, "",
            )  # fmt: skip
        for row in task.benchmark:
            yield Method(
                task.position, row["method"], row["name"], row["given"], row["n"], row["over"],
                row["worst_group"], row["worst_group_sd"], row["average"], row["left_out"],
                row.get("worst_group_low"), row.get("worst_group_high"),
            )  # fmt: skip
        of_task = spread(row.run_worst_group for row in experts if row.task == task.position)
        if of_task.n:
            yield Method(
                task.position, "experts", "Phrases of experts", "Labels, Text Feedback", of_task.n, "experts",
                of_task.mean, of_task.sd, None, "",
            )  # fmt: skip


def keywords(tasks: Iterable[TaskFacts]) -> Iterator[Keyword]:
    """Yield the rows of `KEYWORDS`."""
    for task in tasks:
        for ranked in task.keywords:
            for rank, row in enumerate(ranked.best, 1):
                yield Keyword(task.position, ranked, rank, row)
