"""A study in which people go every way through a visit, and phrases and runs come to every end."""

import uuid

from annotations.models import AnnotationSession, JudgementAnswer, Run, RunState, Study
from annotations.phrases import replies, scoring
from annotations.runs import retraining as runs
from annotations.visits import check_answers as comprehension
from annotations.visits import sessions
from annotations.visits.withdrawal import withdraw
from tests.support.actors import WRONG_TRIES, Visit, do_tutorial, start_visit
from tests.support.steps import end, submit, submit_and_score
from worker.runs.run_training import train_due_runs


def lively_study(open_study: Study, alice: Visit, bob: Visit) -> Study:
    """Every way through: done, refused and failed runs, a failed phrase, a choice, a judgement, and every ending."""
    red, _same, _blue, rare = submit_and_score(alice, "red", "red", "blue", "no dots 🟥")
    assert red.score.threshold is not None
    replies.choose_threshold(red, red.score.threshold + 0.01)
    replies.choose_threshold(rare, rare.score.threshold)
    replies.judge(red, JudgementAnswer.YES)
    replies.judge(red, JudgementAnswer.UNSURE)
    broken = submit(alice, "breaks the encoder")
    scoring.fail_phrase(broken.pk, "RuntimeError: breaks the encoder", final=True)
    end(alice)
    train_due_runs()
    sessions.finish(alice.session, {})
    submit_and_score(bob, "crimson", "dark")
    submit(bob, "scored after the end")
    withdraw(bob.session)
    carol = start_visit(open_study, "carol")
    submit_and_score(carol, "red", "large")
    end(carol)
    late = Run.objects.filter(assignment=carol.assignment, state=RunState.PENDING).first()
    assert late is not None
    runs.fail_run(late.pk, "out of memory", final=True)
    sessions.decline(_enter(open_study, "dora"))
    eve = do_tutorial(sessions.give_consent(_enter(open_study, "eve")))
    for answers in WRONG_TRIES:
        comprehension.answer(eve, client_uuid=uuid.uuid4(), answers=answers)
    _enter(open_study, "fred")
    submit(start_visit(open_study, "gina"), "waits for its score")
    return open_study


def _enter(study: Study, name: str) -> AnnotationSession:
    return sessions.enter(study, participant_id=f"{name}-p", study_id=f"{study.slug}-o", session_id=f"{name}-s")
