"""A study in which everything happens that the log tells of."""

import datetime as dt
import uuid

from django.contrib.auth.models import User
from django.utils import timezone

from annotations.corrections import correction_requests as corrections
from annotations.models import (
    AnnotationSession,
    BaseModel,
    Condition,
    EndReason,
    JudgementAnswer,
    Moderation,
    Phrase,
    Review,
    SpanKind,
    Study,
)
from annotations.payments.discrepancies import REVIEW_WITHIN
from annotations.phrases import assignments, replies, scoring
from annotations.releases import moderation
from annotations.studies import lifecycle
from annotations.visits import (
    check_answers as comprehension,
)
from annotations.visits import (
    device_reports,
    erasure,
    preview_links,
    sessions,
    time_spans,
)
from annotations.visits.time_spans import Report
from annotations.visits.withdrawal import withdraw
from tests.support import actors
from tests.support.actors import OVAL, SQUARE, WRONG_TRIES, Visit, do_tutorial, start_visit
from tests.support.steps import submit, submit_and_score
from worker.corrections import train_due_corrections
from worker.runs.run_training import train_due_runs

QUESTIONS = "How hard was it? | easy | hard\nAnything else?"


def whole_study(base_model: BaseModel) -> Study:
    """Two tasks, two conditions and questions at the end.

    Two people finish. One is in the middle, one withdrew just now, one was erased, one forgotten, one declined, one
    failed the check, one only came. There are a hidden and an excluded phrase, a correction that is approved, one that
    was undone, and a preview.
    """
    study = _open(base_model)
    _finishes(_works(study, "ann", ("red", "no blue", "=HYPERLINK(1)"), ("blue", "red")), {1: "hard", 2: "Grüße 🟥"})
    _finishes(_works(study, "ben", ("Red", "large"), ("blue",)), {})
    train_due_runs()
    _correct(study, base_model, Review.APPROVED)
    gone = [_works(study, name, ("dark",), ("bright",)) for name in ("carl", "cleo")]
    moderation.approve_all(Phrase.objects.filter(text="dark"), by="coordinator")
    _undone(study, base_model, gone)
    _in_the_middle(study)
    withdraw(_works(study, "dora", ("crimson",), ()).session)
    _who_never_worked(study)
    sessions.give_consent(_preview(study))
    return study


def _open(base_model: BaseModel) -> Study:
    tasks = [{"base_model": base_model, "target_class": label, "suggested_words": "red"} for label in (SQUARE, OVAL)]
    conditions = [{"name": "plain", "show_suggestions": False}, {"name": "helped", "suggest_rewordings": True}]
    draft = lifecycle.create_study(
        slug="whole",
        title="The whole study",
        completion_code="C0DE7777",
        tasks=tasks,
        conditions=conditions,
        end_questions=QUESTIONS,
        quota=20,
        scheme="paper",
    )
    study = actors.open_study(draft)
    lifecycle.pause_study(study)
    lifecycle.amend_study(study, {"new_concept_chance": 0.2}, by="coordinator")
    return lifecycle.resume_study(study)


def _works(study: Study, name: str, squares: tuple[str, ...], ovals: tuple[str, ...]) -> Visit:
    """Both tasks to their end, with phrases that have their scores, and time spent."""
    visit = start_visit(study, name)
    device_reports.store(visit.session, has_script=True)
    for assignment in visit.session.assignments.order_by("position"):
        running = visit.assignment if assignment == visit.assignment else assignments.start(assignment)
        at = Visit(visit.session, running, visit.client, visit.external_ids)
        submit_and_score(at, *(squares if running.task.target_class == SQUARE else ovals))
        spend(at)
        if running.phrases.exists():
            assignments.end(running, EndReason.DONE)
    return visit


def spend(visit: Visit) -> None:
    """Report four spans of time, one of them of an enlarged image."""
    seconds = dt.timedelta(milliseconds=1)
    for kind, key in ((SpanKind.VISIBLE, ""), (SpanKind.ENLARGED, "0" * 24)):
        report = Report(uuid.uuid4(), uuid.UUID(int=1), kind, 2 * seconds, seconds, visit.assignment.public_id, key)
        time_spans.store(
            visit.session, [report, Report(uuid.uuid4(), uuid.UUID(int=2), SpanKind.HIDDEN, seconds, seconds)]
        )


def _finishes(visit: Visit, answers: dict[int, str]) -> None:
    sessions.finish(visit.session, answers)


def _correct(study: Study, base_model: BaseModel, decision: Review) -> None:
    moderation.approve_all(Phrase.objects.filter(assignment__session__study=study), by="coordinator")
    correction = corrections.request(study, base_model, by="coordinator")
    train_due_corrections()
    corrections.review(correction, decision, by="coordinator", reason="better in each group")


def _undone(study: Study, base_model: BaseModel, gone: list[Visit]) -> None:
    """A correction with a phrase of somebody who withdraws; the first of two is forgotten, the other erased."""
    theirs = Phrase.objects.get(assignment__session=gone[0].session, text="dark")
    corrections.request(study, base_model, by="coordinator", by_hand={SQUARE: theirs.pk})
    train_due_corrections()
    withdraw(gone[0].session)
    erasure.erase_due(timezone.now())
    erasure.erase_due(timezone.now() + REVIEW_WITHIN + dt.timedelta(days=1))
    withdraw(gone[1].session)
    assert erasure.erase_content(gone[1].participant)


def _in_the_middle(study: Study) -> None:
    visit = start_visit(study, "eva")
    assert visit.client.get(f"/visit/tasks/{visit.assignment.public_id}/").status_code == 200
    red, hidden, out = submit_and_score(visit, "red", "rude", "ruder")
    assert red.score.threshold is not None
    act = replies.Act(ago=dt.timedelta(0))
    replies.choose_threshold(red, red.score.threshold + 0.01, act)
    replies.judge(red, JudgementAnswer.YES)
    replies.judge(red, JudgementAnswer.NO, replies.Act(ago=dt.timedelta(days=1)))  # kept offline, and passed over
    moderation.moderate(hidden, Moderation.HIDDEN, by="coordinator", reason="rude")
    moderation.moderate(out, Moderation.EXCLUDED, by="coordinator", reason="very rude")
    scoring.fail_phrase(submit(visit, "breaks").pk, "RuntimeError: breaks", final=True)
    submit(visit, "waits for its score")
    spend(visit)


def _who_never_worked(study: Study) -> None:
    sessions.decline(_enter(study, "fay"))
    guy = do_tutorial(sessions.give_consent(_enter(study, "guy")))
    for answers in WRONG_TRIES:
        comprehension.answer(guy, client_uuid=uuid.uuid4(), answers=answers)
    _enter(study, "hal")


def _enter(study: Study, name: str) -> AnnotationSession:
    return sessions.enter(study, participant_id=f"{name}-p", study_id=f"{study.slug}-o", session_id=f"{name}-s")


def _preview(study: Study) -> AnnotationSession:
    condition = Condition.objects.filter(study=study).first()
    url = preview_links.preview_url(study, User.objects.create_superuser("paul"), condition)
    return preview_links.enter(study, url.partition(f"{preview_links.PARAMETER}=")[2])
