"""The scripted study of 26 people as rows of the database, written in bulk."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.drawn_figures import DrawnFigure
from annotations.analysis.observations.person_tasks import Tried
from annotations.base.version import CODE_VERSION
from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    BaseModel,
    EndReason,
    KeywordRanking,
    Outcome,
    Participant,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Score,
    SessionKind,
    Span,
    SpanKind,
    Stage,
    Study,
    StudyAnalysis,
    Task,
)
from annotations.models.arrays import pack_float32, pack_int32
from annotations.results import analysis_requests, stored_rankings
from annotations.studies import lifecycle
from tests.support.actors import ENCODER, OVAL, SQUARE, open_study
from tests.support.fake_encoder import FakeEncoder
from worker.results import study_analyses
from worker.results.figures.rendering import drawn_for_pages

BEGAN = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
N_CORRECT, N_ERROR, N_VALIDATION, N_TEST = 15, 9, 24, 48


def store_ranking(base_model: BaseModel, label: int, *keywords: str, list_name: str = "colours") -> KeywordRanking:
    """A ranking of made-up numbers: each keyword scores a hundredth less than the one before it."""
    rows = [
        {
            "keyword": keyword,
            "text": f"an image of a {keyword}",
            "sign": 1,
            "error_score": 0.7 - rank / 100,
            "threshold": 0.25,
            "p_of_list": 0.02 * (rank + 1),
            "null_level": 0.45,
            "clip_score": 2.5,
        }
        for rank, keyword in enumerate(keywords)
    ]
    return stored_rankings.store(
        base_model,
        label,
        hashlib.sha256(list_name.encode()).hexdigest(),
        rows=rows,
        list_name=list_name,
        text_template="an image of a {phrase}",
        n_correct=N_CORRECT,
        n_error=N_ERROR,
        settings={},
    )


def analyse(study: Study, *, draws: bool | str | tuple[str, ...] = False) -> Study:
    """Have a study analysed as it is now, whatever its log says, and return it. draws: as `drawing` has it."""
    StudyAnalysis.objects.filter(study=study).delete()
    analysis_requests.ask(study, "")
    with drawing(draws):
        assert study_analyses.analyse_due_studies() == 1
    return study


@contextmanager
def drawing(draws: bool | str | tuple[str, ...]) -> Iterator[None]:
    """Let an analysis draw all its figures, none, or those whose keys begin so: to draw takes longer than all the rest.

    Of a figure that is not drawn a page says so.
    """

    def drawn(figures: Iterable[Figure]) -> dict[str, DrawnFigure]:
        return drawn_for_pages(each for each in figures if draws is True or (draws and each.key.startswith(draws)))

    with mock.patch.object(study_analyses, "drawn_for_pages", drawn):
        yield


def two_tasks(base_model: BaseModel, slug: str = "scripted", **fields: Any) -> Study:
    """An open study with a task on squares and one on ovals."""
    tasks = [{"base_model": base_model, "target_class": label} for label in (SQUARE, OVAL)]
    title, code = f"The {slug} study", "C0DE5678"
    draft = lifecycle.create_study(slug=slug, title=title, completion_code=code, tasks=tasks, **fields)
    return open_study(draft)


def tell(study: Study, phrases: Iterable[Tried], kind: SessionKind = SessionKind.PARTICIPANT) -> None:
    """Store what people said, with scores and runs; everybody is at each task of theirs for ten minutes."""
    phrases = list(phrases)
    tasks = {task.position: task for task in study.tasks.all()}
    sessions = {name: _session(study, name, kind) for name in dict.fromkeys(each.participant for each in phrases)}
    keys = dict.fromkeys((each.task, each.participant) for each in phrases)
    assignments = {(task, name): _assignment(sessions[name], tasks[task]) for task, name in keys}
    AnnotationSession.objects.bulk_create(sessions.values())
    Assignment.objects.bulk_create(assignments.values())
    ordinals = dict.fromkeys(keys, 0)
    rows, scores, runs = [], [], []
    for i, each in enumerate(phrases):
        key = (each.task, each.participant)
        ordinals[key] += 1
        phrase = Phrase(
            assignment=assignments[key],
            client_uuid=uuid.uuid4(),
            ordinal=ordinals[key],
            text=each.text,
            state=PhraseState.PENDING if each.error_score is None else PhraseState.SCORED,
            submitted_at=BEGAN + dt.timedelta(seconds=i / 100),
        )
        rows.append(phrase)
        if each.error_score is not None:
            run = _run(phrase, i, each.worst_group_accuracy)
            runs.append(run)
            scores.append(_score(phrase, i, each, run))
    Phrase.objects.bulk_create(rows, batch_size=2_000)
    Run.objects.bulk_create(runs, batch_size=2_000)
    Score.objects.bulk_create(scores, batch_size=2_000)


def spend(assignment: Assignment, kind: SpanKind, began_s: float, ended_s: float) -> Span:
    """A span of an assignment's pages, in seconds after it began."""
    assert assignment.started_at is not None
    began, ended = (assignment.started_at + dt.timedelta(seconds=seconds) for seconds in (began_s, ended_s))
    return Span.objects.create(
        session=assignment.session,
        assignment=assignment,
        client_uuid=uuid.uuid4(),
        opening=uuid.uuid4(),
        kind=kind,
        began_at=began,
        ended_at=ended,
        received_at=max(ended, timezone.now()),
    )


def _session(study: Study, name: str, kind: SessionKind) -> AnnotationSession:
    person = Participant.objects.create(study=study, pseudonym=name)
    return AnnotationSession(
        study=study,
        configuration=study.configurations.latest("version"),
        participant=person,
        submission_key=f"s-{name}",
        kind=kind,
        stage=Stage.FINISHED,
        outcome=Outcome.COMPLETED,
        seed=1,
        code_version=CODE_VERSION,
        consented_at=BEGAN,
        ended_at=BEGAN + dt.timedelta(minutes=30),
    )


def _assignment(session: AnnotationSession, task: Task) -> Assignment:
    return Assignment(
        session=session,
        task=task,
        position=task.position,
        state=AssignmentState.ENDED,
        end_reason=EndReason.DONE,
        started_at=BEGAN,
        first_deadline_at=BEGAN + dt.timedelta(minutes=10),
        deadline_at=BEGAN + dt.timedelta(minutes=10),
        ended_at=BEGAN + dt.timedelta(minutes=10),
    )


def _run(phrase: Phrase, number: int, accuracy: float | None) -> Run:
    done = accuracy is not None
    task = phrase.assignment.task
    return Run(
        assignment=phrase.assignment,
        base_model=task.base_model,
        annotation_digest=hashlib.sha256(str(number).encode()).hexdigest(),
        target_class=task.target_class or 0,
        phrase_text=phrase.text,
        threshold=0.1,
        l2=0.01,
        min_slice_size=5,
        state=RunState.DONE if done else RunState.FAILED,
        reason="" if done else "it did not converge",
        worst_group_accuracy=accuracy,
        average_accuracy=0.9 if done else None,
        plain_average_accuracy=0.8 if done else None,
        test_predictions=pack_int32(np.zeros(N_TEST, np.int32)) if done else None,
        head=b"head" if done else None,
        finished_at=BEGAN,
    )


def _score(phrase: Phrase, number: int, tried: Tried, run: Run) -> Score:
    template = phrase.assignment.task.text_template
    return Score(
        phrase=phrase,
        value=tried.error_score or 0.0,
        threshold=0.1 if tried.error_score else None,
        two_sided=tried.error_score or 0.0,
        n_correct=tried.n_correct or N_CORRECT,
        n_error=tried.n_error or N_ERROR,
        p_value=0.05,
        p_method="exact",
        tries=tried.tries or 1,
        null_level=0.4,
        subject=phrase.text,
        similarities=pack_float32(np.linspace(-1, 1, N_VALIDATION)),
        rendered_text=template.format(phrase=phrase.text),
        text_template=template,
        text_embedding=pack_float32(_unit(number)),
        text_digest=f"{number:064x}",
        class_name_cosine=0.2,
        encoder=ENCODER,
        dataset_digest=phrase.assignment.task.base_model.dataset.digest,
        code_version=CODE_VERSION,
        encode_ms=1.0,
        scored_at=BEGAN,
        run=run,
    )


def _unit(number: int) -> NDArray[np.float64]:
    vector = np.random.default_rng(number).normal(size=FakeEncoder.dim)
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit
