"""The results page of a study: tables and figures that follow the study while it runs, each with its data.

What a study has paid for what it found is shown to those who see payments, and is in no release.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from annotations.analysis.figures.study_figures import figures, first_tasks
from annotations.analysis.observations.study_rows import MACHINES_TOP, RankedList, TaskFacts
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.keyword_tables import Keyword, PhraseAmongKeywords
from annotations.analysis.tables.measure_columns import Counted
from annotations.analysis.tables.table3 import TABLE_3
from annotations.base.tables.columns import Table, worded
from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import OPEN_STATES, BaseModel, Benchmark, GatheredTraining, JobState, Study
from annotations.models.payment import amount
from annotations.pages.shown_figures import figure_answer, shown_figure, table_answer
from annotations.pages.study_pages import is_for_crowd, show_page
from annotations.payments.costs import totals
from annotations.pools.gathering_tables import WORTH, WorthRow, worth_rows, worth_table
from annotations.results import benchmark_requests
from annotations.results.exclusion_counts import PHRASES_WAIT, RUNS_WAIT
from annotations.results.latest_results import Latest, latest
from annotations.results.staff_pages.answer_sheet import sheets_of
from annotations.results.staff_pages.flow_words import flow_steps
from annotations.results.staff_pages.machine_verdict import duels, over_classes
from annotations.results.staff_pages.results_words import categories, words_of_tasks
from annotations.results.staff_pages.shown_numbers import shown
from annotations.staff import roles
from clarify_errors.arrays.common.counted_words import persons


@dataclass(frozen=True)
class Cost:
    """What was paid, in hundredths: rewards, settled bonuses, and Prolific's fee where it is known.

    people: whose reward was paid; findings: ideas that are better than guessing, over all tasks; None where that cannot
    be told of a task; unpaid: who finished, and whose reward awaits review or is not known; by_chance: how many ideas
    as many random common words would bring, None with `findings`.
    """

    currency: str
    rewards: int
    bonuses: int
    fee: int | None
    people: int
    findings: int | None
    unpaid: int = 0
    by_chance: float | None = None

    @property
    def total(self) -> int:
        return self.rewards + self.bonuses + (self.fee or 0)

    @property
    def per_person(self) -> int | None:
        """Hundredths for each person whose reward was paid, rounded."""
        return round(self.total / self.people) if self.people else None

    @property
    def per_finding(self) -> int | None:
        """Hundredths for each idea that is better than guessing, rounded; None while rewards are unsettled."""
        return round(self.total / self.findings) if self.findings and not self.unpaid else None


COSTS: Table[Cost] = worded(__package__, "costs")


def cost(study: Study, tables: StudyTables) -> FilledTable[Cost]:
    """Return what the study has paid and found, in one row."""
    paid, rows = totals(study), tables.novelty.rows
    is_told = bool(rows) and all(row.counted is Counted.BETTER for row in rows)
    findings = sum(row.novelty.concepts for row in rows) if is_told else None
    sums = paid.rewards.cents, paid.bonuses.cents, paid.fee_cents
    unpaid = paid.awaiting.n + paid.unknown.n
    by_chance = sum(row.by_chance or 0 for row in rows) if is_told else None
    return FilledTable(COSTS, (Cost(study.currency, *sums, paid.rewards.n, findings, unpaid, by_chance),))


def cost_sentence(of: Cost) -> str:
    """Say what was paid and what a finding cost; nothing where nothing was paid."""
    if not of.total:
        return ""
    fee = " with Prolific’s fee" if of.fee else ""
    told = f"{amount(of.total, of.currency)} was paid{fee}"
    if of.per_person is not None:
        told += f": {amount(of.per_person)} for each of {persons(of.people)}"
    if of.per_finding is not None:
        ideas = "the one idea that is" if of.findings == 1 else f"each of {of.findings:,} ideas that are"
        told += f", {amount(of.per_finding)} for {ideas} better than guessing"
        if of.by_chance is not None:
            told += f" (as many random common words would bring about {of.by_chance:.1f})"
    elif of.findings and of.unpaid:
        told += f". What an idea costs is told once the rewards of {persons(of.unpaid)} more are settled"
    return f"{told}."


@dataclass(frozen=True)
class KeywordTable:
    """One list on a task's class: its best by error score, its top by CLIP score, and people's best phrases."""

    title: str
    ranked: RankedList
    best: Keyword
    top: list[Keyword]
    phrases: list[PhraseAmongKeywords]


def keyword_tables(tables: StudyTables, tasks: Iterable[TaskFacts]) -> Iterator[KeywordTable]:
    """Yield a table for each list of each task."""
    for task in tasks:
        of_task = [row for row in tables.keywords.rows if row.task == task.position]
        for ranked in {row.ranked.digest: row.ranked for row in of_task}.values():
            keywords = [row for row in of_task if row.ranked.digest == ranked.digest]
            top = sorted((row for row in keywords if row.clip_rank), key=lambda row: row.clip_rank or 0)[:MACHINES_TOP]
            same = (task.position, ranked.digest)
            phrases = [row for row in tables.among_keywords.rows if (row.task, row.list_digest) == same]
            best = min(keywords, key=lambda row: row.rank)
            yield KeywordTable(f"{task.title}: {ranked.name}", ranked, best, top, phrases)


def top_sentence(tables: StudyTables) -> str:
    """Say for how many classes the machine's top has what people say best; nothing where no list was ranked."""
    best: dict[tuple[int, str], PhraseAmongKeywords] = {}
    for row in tables.among_keywords.rows:  # the best phrase of a task comes first
        best.setdefault((row.task, row.list_digest), row)
    if not best:
        return ""
    tasks = {task for task, _ in best}
    found = {row.task for row in best.values() if row.is_in_top}
    first = {row.task for row in best.values() if row.same_clip_rank == 1}
    said = "the same words as people’s best phrase"
    if len(tasks) == 1:
        is_not = "" if found else " not"
        where = "as its first keyword" if first else f"among its top {MACHINES_TOP} keywords"
        return f"The machine has{is_not} {said} {where}."
    return (
        f"The machine has {said} among its top {MACHINES_TOP} keywords for {len(found):,} of {len(tasks):,} classes, "
        f"and as its first for {len(first):,}. Any list counts."
    )


POLL_S = 10  # while the study is open
POLL_SOON_S = 2  # while a newer analysis is being computed
MAX_COLUMNS = 12  # tasks in table 3 on the page


def results_page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the results; with ?table= or ?figure= hand out one of them as a file, unless nothing has changed."""
    found = latest(study)
    costs = _costs(request, study, found)
    n_trained = GatheredTraining.objects.filter(gathering__in=study.gatherings.counted(), state=JobState.DONE).count()
    etag = f'"{found.tag}-{costs[0].rows[0].total if costs else 0}-{n_trained}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    if found.results is not None and "table" in request.GET:
        return table_answer(request, [*found.results.tables.all, *costs, worth_table(study)], study.slug)
    if found.results is not None and "figure" in request.GET:
        return figure_answer(request, found.figures, study.slug)
    is_fragment = request.headers.get("Clarify-Fragment") == "1"
    template, context = "results_body" if is_fragment else "results", _context(request, study, found, costs)
    answer = show_page(request, study, template, "Results", etag=etag, latest=found, **context)
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    return answer


def _measure(request: HttpRequest, study: Study, by: str) -> str:
    """Have the study's base models measured by other methods."""
    asked = benchmark_requests.ask(study, by=by)
    return "Other methods are being measured. Their lines come one after the other." if asked else "All are measured."


ACTS = {"": _measure}


def _context(request: HttpRequest, study: Study, found: Latest, costs: Iterable[FilledTable[Cost]]) -> dict[str, Any]:
    if found.results is None:
        return {"poll_s": POLL_SOON_S if not found.failure else POLL_S}
    tables, exact = shown(found.results.tables), found.results.tables
    drawn = [shown_figure(figure, found.figures) for figure in figures(exact)]
    first, columns = first_tasks(tables), first_tasks(tables, MAX_COLUMNS)
    newest = _newest_benchmarks(study)
    under_way = any(each is not None and each.finished_at is None for each in newest)
    unmeasured = any(each is None or each.state == JobState.FAILED for each in newest)
    return {
        "tables": tables,
        "flow": flow_steps(tables.flow.rows),
        "sheets": sheets_of(study, tables, found.results.concepts, f"user:{request.user.pk}"),
        "verdict": list(over_classes(duels(exact).values())),
        "words": words_of_tasks(tables, found.results.concepts),
        "keywords": list(keyword_tables(tables, first)),
        "keywords_top": top_sentence(tables),
        "gathered": _newest_gathered(study),
        "measures": WORTH.values(),
        "costs": [(cost_sentence(each.rows[0]), each.table.file) for each in costs],
        "left_out_tasks": len(tables.tasks) - len(first),
        "shown": drawn,
        "panels": list(_phrase_panels(request, tables, {task.position for task in first})),
        "table_3": categories(tables, columns),
        "table_3_tasks": columns,
        "table_3_left_out": len(tables.tasks) - len(columns),
        "table_3_file": TABLE_3.file,
        "conditions": [row for row in tables.conditions.rows if row.result.difference is not None],
        "paired": [row for row in tables.paired.rows if row.result.difference is not None],
        "left_out": [row for row in tables.counted if row.is_left_out],
        "without_number": [row for row in tables.counted if not row.is_left_out],
        "all_tables": tables.all,
        "benchmarks": [each for each in newest if each is not None and each.state != JobState.DONE],
        "may_measure": unmeasured and not under_way and roles.may(request.user, "coordinate", study),
        "poll_s": _poll_s(found, is_changing=_changes(study, tables) or under_way),
    }


def _newest_gathered(study: Study) -> list[WorthRow]:
    """What the newest training with gathered images found out."""
    done = GatheredTraining.objects.filter(gathering__in=study.gatherings.counted(), state=JobState.DONE)
    newest = done.select_related("dataset").first()
    return worth_rows(newest) if newest else []


def _poll_s(found: Latest, *, is_changing: bool) -> int:
    """After how many seconds the page asks again; 0: never."""
    if not found.is_current and not found.failure:
        return POLL_SOON_S
    return POLL_S if is_changing or found.failure else 0


def _newest_benchmarks(study: Study) -> list[Benchmark | None]:
    """Of each of the study's base models; one that is done counts, whatever came after it."""
    base_models = BaseModel.objects.filter(tasks__study=study).distinct().only("pk").prefetch_related("benchmarks")
    return [
        next(iter(sorted(each.benchmarks.all(), key=lambda one: (one.state != JobState.DONE, -one.pk))), None)
        for each in base_models
    ]


def _changes(study: Study, tables: StudyTables) -> bool:
    """Whether people may still come, or workers still be at work for those who came."""
    waits = any(row.what in (PHRASES_WAIT, RUNS_WAIT) for row in tables.counted)
    return study.state in OPEN_STATES or waits


def _phrase_panels(request: HttpRequest, tables: StudyTables, tasks: Set[int]) -> Iterator[dict[str, Any]]:
    owner = f"user:{request.user.pk}"
    of_tasks = (row for row in tables.panels.rows if row.task in tasks)
    for (task, class_name, phrase), rows in groupby(of_tasks, lambda row: (row.task, row.class_name, row.phrase)):
        strips = [
            (name, [(thumbnail_url(owner, picture.dataset, picture.image_key), picture) for picture in pictures])
            for name, pictures in groupby(rows, lambda row: row.slice)
        ]
        yield {"task": task, "class_name": class_name, "phrase": phrase, "strips": strips}


def _costs(request: HttpRequest, study: Study, found: Latest) -> tuple[FilledTable[Cost], ...]:
    """What findings cost, for those who see the study's payments; experts are not paid here."""
    if found.results is None or not is_for_crowd(study) or not roles.may(request.user, "coordinate", study):
        return ()
    return (cost(study, found.results.tables),)
