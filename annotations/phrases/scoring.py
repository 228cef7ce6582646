"""Scoring: which phrases are due, and storing a score once, with the time that it took given back to the person."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from annotations.base.version import CODE_VERSION
from annotations.log import events
from annotations.models import (
    Assignment,
    AssignmentState,
    Dataset,
    Phrase,
    PhraseState,
    Score,
    Study,
    VocabularyLevel,
    event_kinds,
)
from annotations.models.arrays import unpack_float32
from annotations.models.phrase import PAGE_VERSION
from annotations.phrases import assignments
from annotations.phrases.verdicts import verdict
from annotations.phrases.vocabulary_levels import guessing_level, levels_of
from annotations.queue.claims import MAX_ATTEMPTS, claim, exhausted, give_back
from annotations.runs import retraining as runs
from clarify_errors.arrays.phrases.null_level import null_level, p_method, p_value

NULL_QUANTILE = 0.95  # what phrases unrelated to the errors reach at most, in this share of cases
_PERSON_AND_CLASS = (
    "assignment__session__participant",
    "assignment__task__base_model",
    "assignment__task__target_class",
)
_STOPPED_WORKER = f"its worker stopped {MAX_ATTEMPTS} times while it scored this phrase"


def due_datasets() -> list[Dataset]:
    """Return the data sets that have phrases to score."""
    due = Phrase.objects.filter(state=PhraseState.PENDING).values("assignment__task__base_model__dataset")
    return list(Dataset.objects.filter(pk__in=due))


def claim_phrases(dataset: Dataset, *, limit: int = 64, tried: Collection[int] = ()) -> list[int]:
    """Take up due phrases of a data set, oldest first; returns their ids (see `claims.claim`)."""
    return claim(_due().filter(assignment__task__base_model__dataset=dataset), limit=limit, tried=tried)


def lock_phrases(ids: Collection[int]) -> list[Phrase]:
    """Return those of the phrases that are due, locked to the end of the transaction; held ones are passed over."""
    of_visit = "assignment__session__study", "assignment__session__condition"
    due = _due().filter(pk__in=ids).select_related("assignment__task__base_model__dataset", *of_visit)
    locked = list(due.select_for_update(of=("self",), no_key=True, skip_locked=True))
    for phrase in locked:
        phrase.assignment.task.study = phrase.assignment.session.study  # each study is as wide as all the rest
    return locked


def stored_embeddings(dataset: Dataset, texts: Collection[str]) -> dict[str, NDArray[np.float32]]:
    """Return the embeddings that were stored for these rendered texts on this data set: float32[d] by text.

    A text keeps the embedding of its first score. An encoder's rounding depends on the batch that a text is in, and
    with this the same words have the same similarities for everybody, whenever they come.
    """
    known = Score.objects.filter(dataset_digest=dataset.digest, rendered_text__in=texts).order_by("-pk")
    return {text: unpack_float32(embedding) for text, embedding in known.values_list("rendered_text", "text_embedding")}


def tries(phrases: Collection[Phrase]) -> dict[int, int]:
    """Count the distinct phrases that its person had submitted for the class by each phrase, it included; by its id.

    Phrases of all visits and tasks in which the person saw the same class of the same base model; texts as stored.
    """
    shown = [_shown_to(phrase) for phrase in phrases]
    of = dict(zip(_PERSON_AND_CLASS, map(set, zip(*shown, strict=True)), strict=True)) if shown else {}
    said = Phrase.objects.filter(**{f"{path}__in": values for path, values in of.items()}).order_by()
    by_class: dict[tuple[int | None, ...], list[tuple[tuple[dt.datetime, int], str]]] = defaultdict(list)
    for at, pk, text, *of_whom in said.values_list("submitted_at", "pk", "text", *_PERSON_AND_CLASS):
        by_class[tuple(of_whom)].append(((at, pk), text))
    return {
        phrase.pk: len({text for at, text in by_class[whose] if at <= (phrase.submitted_at, phrase.pk)})
        for phrase, whose in zip(phrases, shown, strict=True)
    }


def _shown_to(phrase: Phrase) -> tuple[int | None, ...]:
    task = phrase.assignment.task
    return phrase.assignment.session.participant_id, task.base_model_id, task.target_class


def complete(scores: Sequence[Score]) -> None:
    """Add what is known beside a worker's result: the person's tries, what chance reaches, and what the page says."""
    n_tries = tries([score.phrase for score in scores])
    common = levels_of({score.phrase.assignment.task for score in scores})
    for score in scores:
        _complete(score, n_tries[score.phrase.pk], common.get(score.phrase.assignment.task_id))


def _complete(score: Score, n_tries: int, common: VocabularyLevel | None) -> None:
    session, task = score.phrase.assignment.session, score.phrase.assignment.task
    dataset = task.base_model.dataset
    score.p_value = p_value(score.value, score.n_correct, score.n_error)
    score.p_method = p_method(score.n_correct, score.n_error)
    score.tries = n_tries
    score.null_level = null_level(score.n_correct, score.n_error, n_tries, NULL_QUANTILE)
    score.guessing_level = guessing_level(task, score.n_correct, score.n_error, score.sign, common)
    shown = verdict(score.value, score.two_sided, score.guessing_level, is_refused=score.finds_nothing)
    score.level_shown, score.finds_nothing = shown.step.value, shown.finds_nothing
    score.goal, score.goal_shown = session.study.goal, session.goal is not None
    score.page_version, score.code_version = PAGE_VERSION, CODE_VERSION
    score.text_template, score.language = task.text_template, task.study.phrase_language
    score.text_digest = hashlib.sha256(score.text_embedding).hexdigest()
    score.encoder, score.dataset_digest = dataset.similarity_encoder, dataset.digest


def store_scores(scores: Sequence[Score]) -> int:
    """Complete scores of locked phrases and store them, all or none; returns how many.

    A phrase that has its score is passed over.
    Moves each active assignment's deadline by the time its phrase waited. Where an assignment ended meanwhile, the
    phrase's run is planned now.
    """
    complete(scores)  # before anything is locked: a null level takes its time
    with transaction.atomic():
        locked = assignments.lock_all({score.phrase.assignment_id for score in scores})
        for score in scores:
            locked[score.phrase.assignment_id].task = score.phrase.assignment.task
        changed = _leave_pending([score.phrase for score in scores], PhraseState.SCORED)
        stored = [score for score in scores if score.phrase_id in changed]
        _store(stored, locked, timezone.now())
        _record_scores(stored, locked)
        _plan_late_runs(locked)
    return len(stored)


def fail_phrase(phrase_id: int, reason: str, *, final: bool) -> None:
    """Note that an attempt failed; the phrase itself fails when that is final, or at the last attempt."""
    with transaction.atomic():
        for phrase in lock_phrases([phrase_id]):
            if final or phrase.attempts >= MAX_ATTEMPTS:
                _fail(phrase, reason)
            else:
                Phrase.objects.filter(pk=phrase_id).update(last_error=reason)


def give_back_phrases(ids: Collection[int]) -> None:
    """Let an attempt at claimed phrases count for nothing."""
    give_back(_due(), ids)


def fail_exhausted_phrases() -> int:
    """Fail the phrases that stopped their worker at every attempt; returns how many."""
    with transaction.atomic():
        stuck = list(exhausted(_due()))
        assignments.lock_all({phrase.assignment_id for phrase in stuck})
        for phrase in stuck:
            _fail(phrase, _STOPPED_WORKER)
    return len(stuck)


def _due() -> QuerySet[Phrase]:
    return Phrase.objects.filter(state=PhraseState.PENDING).order_by("submitted_at", "pk")


def _store(scores: Sequence[Score], locked: Mapping[int, Assignment], now: dt.datetime) -> None:
    for score in scores:
        score.scored_at = now
    Score.objects.bulk_create(scores)
    assignments.credit_waiting([(locked[score.phrase.assignment_id], score.phrase) for score in scores], now)


def _record_scores(scores: Sequence[Score], locked: Mapping[int, Assignment]) -> None:
    by_study: dict[Study, list[events.Entry]] = defaultdict(list)
    for score in scores:
        assignment = locked[score.phrase.assignment_id]
        entry = _entry(event_kinds.PHRASE_SCORED, score.phrase, assignment, score)
        by_study[assignment.session.study].append(entry)
    for study, entries in by_study.items():
        events.record_all(study, entries)


def _plan_late_runs(locked: Mapping[int, Assignment]) -> None:
    for assignment in locked.values():
        if assignment.state == AssignmentState.ENDED:
            runs.plan_runs(assignment)


def _fail(phrase: Phrase, reason: str) -> None:
    assignment = assignments.lock(phrase.assignment)
    if _leave_pending([phrase], PhraseState.FAILED, last_error=reason):
        assignments.credit_waiting([(assignment, phrase)], timezone.now())
        events.record_all(assignment.session.study, [_entry(event_kinds.PHRASE_FAILED, phrase, assignment)])


def _leave_pending(phrases: Sequence[Phrase], state: PhraseState, **changes: str) -> set[int]:
    """Change the phrases that wait, and return the ids of those; their objects then show their rows."""
    waiting = Phrase.objects.filter(pk__in=[phrase.pk for phrase in phrases], state=PhraseState.PENDING)
    changed = set(waiting.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    Phrase.objects.filter(pk__in=changed).update(state=state, **changes)
    for phrase in phrases:
        if phrase.pk in changed:
            for name, value in {"state": state, **changes}.items():
                setattr(phrase, name, value)
    return changed


def _entry(kind: str, phrase: Phrase, assignment: Assignment, *changed: Model) -> events.Entry:
    """What happened to a phrase, with the deadline that its waiting moved."""
    payload = {"assignment": assignment.public_id, "ordinal": phrase.ordinal}
    return events.Entry(kind, assignment.session, (phrase, assignment, *changed), payload)
