"""People who completed a study, with phrases whose similarities a test chooses, and what is owed to them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import AnnotationSession, EndReason, Payment, Score, Study, Submission
from annotations.models.arrays import pack_float32
from annotations.phrases import assignments
from annotations.visits import sessions
from tests.fake_prolific import FakeProlific
from tests.support.actors import SQUARE, Visit, client_of
from tests.support.prolific_steps import arrive, begin_there, ids, submission_of
from tests.support.rows import add_phrase


def complete(study: Study, name: str, similarities: Mapping[str, NDArray[np.float32]] | None = None) -> Submission:
    """`name` comes, types phrases with these similarities to the wrong and right images, and completes the study."""
    session = arrive(study, name)
    assignment = assignments.start(session.assignments.get())
    visit = Visit(session, assignment, client_of(session), ids(name, study)._asdict())
    for text, values in (similarities or {}).items():
        phrase = add_phrase(visit, text, 0.5)
        Score.objects.filter(phrase=phrase).update(similarities=pack_float32(values))
    finish(session)
    return submission_of(study, name)


def finish(session: AnnotationSession) -> None:
    for assignment in session.assignments.all():
        assignments.end(assignment, EndReason.DONE)
    session.refresh_from_db()
    sessions.finish(session)


def right_words(study: Study) -> NDArray[np.float32]:
    """What a phrase looks like that says exactly which images are wrong."""
    return class_images(study.tasks.get().base_model, SQUARE).is_error.astype(np.float32)


def wrong_words(study: Study) -> NDArray[np.float32]:
    """What one looks like that is as close to all images."""
    return np.zeros(len(right_words(study)), np.float32)


def done_there(prolific: FakeProlific, study: Study, name: str, status: str = "AWAITING REVIEW") -> Submission:
    """`name` did all of it, here and on Prolific, with the study's code."""
    there = begin_there(prolific, study, name, status)
    there.entered_code, there.completed_at = study.completion_code, prolific.clerk.now
    return complete(study, name, {"red": right_words(study)})


def owe(submission: Submission, cents: int = 50, number: int = 0) -> Payment:
    """A payment as the rule would have proposed it."""
    return Payment.objects.create(
        study=submission.study,
        submission=submission,
        rule="a rule",
        reason="for good words",
        amount_cents=cents,
        currency="GBP",
        idempotency_key=f"a rule:{submission.pk}:{number}",
        created_by="cora",
    )
