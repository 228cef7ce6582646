"""The phrases of a study for whoever moderates them, each with what its correction does to every group."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import Lower, Trim

from annotations.models import BaseModelOrigin, Moderation, Phrase, Run, RunState, Study
from annotations.models.arrays import without_arrays
from annotations.phrases.writing_flags import TRACES, flags_together, people_by_words, with_flag
from annotations.runs.accuracy_changes import Change

PER_PAGE = 50
ALL = "all"


class GroupChange(NamedTuple):
    """What became of one group, by its name."""

    group: str
    change: Change


@dataclass(frozen=True)
class Effect:
    """What a phrase does beside retraining without words. worst: of the group that loses most, None where none loses.

    since: what it is compared with.
    """

    worst_group_before: float
    worst_group_after: float
    changes: Sequence[GroupChange]
    worst: GroupChange | None
    since: str

    @property
    def lost(self) -> float:
        """What the worst group's accuracy changed by, 0 where none loses."""
        return (self.worst.change.difference or 0.0) if self.worst else 0.0


@dataclass(frozen=True)
class Row:
    """Phrases of one text and decision. phrase: the newest of them; effect: the one with the largest loss of any group.

    flags: what stands out in how one of them was written.
    """

    phrase: Phrase
    n_phrases: int
    effect: Effect | None
    flags: Sequence[str]


def phrases_to_moderate(study: Study, *, state: str, search: str = "", flag: str = "") -> QuerySet[Phrase]:
    """Return the study's phrases in a state of moderation (ALL: in any), newest first, without their scores' arrays.

    flag: of `clarify_errors/arrays/phrases/writing_traces`, only those that stand out so; empty: all. Nothing of
    somebody who withdrew, also before a worker erases it.
    """
    phrases: QuerySet[Phrase, Phrase] = Phrase.objects.filter(assignment__session__in=study.sessions.in_results())
    if state != ALL:
        phrases = phrases.filter(moderation=state)
    if search:
        phrases = phrases.filter(text__icontains=search)
    if flag:
        phrases = with_flag(phrases, flag, study)
    related = ("assignment__session__participant", "assignment__task__base_model__dataset", "score")
    return without_arrays(phrases.select_related(*related)).order_by("-submitted_at", "-pk")


def page_of(study: Study, phrases: QuerySet[Phrase], number: int) -> tuple[Page[Any], list[Row]]:
    """Return one page of the texts, however written, and its rows; a number outside is the nearest page.

    Of each text the newest phrase is read, and of each annotation that its phrases gave one run: the rest is counted.
    """
    texts = _texts(phrases, number)
    page = Paginator(range(texts[0]["n_texts"] if texts else 0), PER_PAGE).get_page(number)
    typed = {each for text in texts for each in text["typed"]}
    newest = phrases.in_bulk([text["newest"] for text in texts])
    effects, people = _effects(phrases.filter(text__in=typed)), people_by_words(study, texts=typed)
    rows = []
    for text in texts:
        if phrase := newest.get(text["newest"]):  # somebody may have withdrawn, or decided, since the texts were listed
            of_text = [each for as_typed in text["typed"] for each in effects[as_typed, text["decided"]]]
            others = max(people.get(said, 1) for said in zip(text["tasks"], text["typed"], strict=True)) - 1
            worst = min(of_text, key=lambda each: each.lost, default=None)
            rows.append(Row(phrase, text["n"], worst, flags_together(text, text["words"], others)))
    return page, rows


# Phrases are counted as they were typed, and only what differs is put into lower case.
_TEXTS = """
    WITH texts AS (
        SELECT lower(trim(text)) AS words, moderation AS decided, max(said_at) AS said_at, max(newest) AS newest,
            sum(n)::integer AS n, max(pastes) AS pastes, max("left") AS "left", min(edits) AS edits,
            array_agg(assignment__task) AS tasks, array_agg(text) AS typed, count(*) OVER () AS n_texts
        FROM ({typed}) AS typed GROUP BY 1, 2
    )
    SELECT * FROM texts ORDER BY said_at DESC, words
    LIMIT %s OFFSET (SELECT least(%s, greatest(count(*) - 1, 0) / %s) * %s FROM texts)
"""


def _texts(phrases: QuerySet[Phrase], number: int) -> list[dict[str, Any]]:
    """Count the phrases of one page of texts; of the last page for a number above it."""
    alike = phrases.order_by().values("text", "moderation", "assignment__task")
    counted = alike.annotate(said_at=Max("submitted_at"), newest=Max("pk"), n=Count("pk"), **TRACES)
    typed, values = counted.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS.format(typed=typed), [*values, PER_PAGE, number - 1, PER_PAGE, PER_PAGE])
        names = [each.name for each in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def of_rows(phrases: QuerySet[Phrase], newest: Collection[int]) -> QuerySet[Phrase]:
    """Return the phrases that stood in the rows of some, which were the newest there. newest: their ids."""
    shown = {_text_of(phrase): phrase.pk for phrase in _keyed(phrases).filter(pk__in=newest)}
    same = _keyed(phrases).filter(words__in={words for words, _ in shown})
    return phrases.filter(pk__in=[each.pk for each in same if each.pk <= shown.get(_text_of(each), 0)])


def _keyed(phrases: QuerySet[Phrase]) -> QuerySet[Any, Any]:
    return phrases.annotate(words=Lower(Trim("text")), decided=F("moderation"))


def _text_of(phrase: Any) -> tuple[str, str]:
    return phrase.words, phrase.decided


def _effects(phrases: QuerySet[Phrase]) -> dict[tuple[str, str], list[Effect]]:
    """Return what each annotation of each text, as it was typed, does, by its newest run."""
    trained = phrases.filter(score__run__state=RunState.DONE).order_by()
    alike = trained.values("text", "moderation", "score__run__annotation_digest", "score__run__base_model")
    newest = alike.annotate(run=Max("score__run")).values_list("run", "text", "moderation")
    runs = without_arrays(Run.objects.select_related("base_model__dataset", "control"))
    found = runs.in_bulk([run for run, *_ in newest])
    effects: dict[tuple[str, str], list[Effect]] = defaultdict(list)
    for run, *text in newest:
        effects[text[0], text[1]] += filter(None, [effect_of(found.get(run))])
    return effects


def counts(study: Study) -> dict[str, int]:
    """Return how many phrases are in each state of moderation, every state named, and all of them under ALL."""
    found = dict(phrases_to_moderate(study, state=ALL).order_by().values_list("moderation").annotate(n=Count("pk")))
    by_state = {state: found.get(state, 0) for state in Moderation.values}
    return {**by_state, ALL: sum(by_state.values())}


def effect_of(run: Run | None) -> Effect | None:
    """Return what a run that is done changed on test beside its control, None for any other.

    Beside the base model where no control is trained; of imported predictions, which have another last layer, None.
    """
    if run is None or run.state != RunState.DONE or run.worst_group_accuracy is None:
        return None
    before, since = run.base_model.test_metrics, run.base_model.reference_name
    if run.control is not None:
        since = run.base_model.control_name
        before = {"accuracies": run.control.group_accuracies, "worst_group": run.control.worst_group_accuracy}
    elif run.base_model.origin == BaseModelOrigin.IMPORTED:
        return None
    pairs = zip(run.base_model.dataset.group_names, before["accuracies"], run.group_accuracies or [], strict=True)
    changes = [GroupChange(name, Change(old, new)) for name, old, new in pairs]
    losing = [each for each in changes if (each.change.difference or 0.0) < 0]
    return Effect(
        worst_group_before=before["worst_group"],
        worst_group_after=run.worst_group_accuracy,
        changes=changes,
        worst=min(losing, key=lambda each: each.change.difference or 0.0, default=None),
        since=since,
    )
