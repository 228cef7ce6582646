"""Steps that tests of Prolific's side take: a study that is there too, and people who come from there."""

from typing import Any
from unittest import mock

from django.utils import timezone

from annotations.log.identities import pseudonym
from annotations.models import AnnotationSession, ProlificRequest, RequestState, Study, Submission
from annotations.prolific import site_client as prolific_client
from annotations.prolific.request_sender import call_due
from annotations.prolific_client.outside_ids import OutsideIds
from annotations.visits import sessions
from tests.fake_prolific import FakeProlific
from tests.fake_prolific.records import FakeSubmission
from tests.support.actors import do_tutorial, pass_check

THERE = "study-there"


def put_on_prolific(study: Study, fake: FakeProlific, outside_id: str = THERE) -> Study:
    """The study is on Prolific as well, under an id and with a researcher's code."""
    fake.add_study(outside_id)
    study.external_study_id, study.researcher_code = outside_id, "RESEARCH"
    study.save(update_fields=["external_study_id", "researcher_code"])
    return study


def ids(name: str, study: Study) -> OutsideIds:
    """Who comes as `name`, with the first submission."""
    return OutsideIds(f"{name}-person", study.external_study_id, f"{name}-visit")


def begin_there(fake: FakeProlific, study: Study, name: str, status: str = "ACTIVE", **fields: Any) -> FakeSubmission:
    """`name` begins the study on Prolific."""
    known = ids(name, study)
    return fake.add_submission(study.external_study_id, known.participant, known.session, status, **fields)


def arrive(study: Study, name: str, *, consents: bool = True) -> AnnotationSession:
    """`name` comes here by the link, and goes on to the tasks."""
    known = ids(name, study)
    session = sessions.enter(study, participant_id=known.participant, study_id=known.study, session_id=known.session)
    if consents:
        sessions.give_consent(session)
        session = pass_check(do_tutorial(session))
    return session


def submission_of(study: Study, name: str) -> Submission:
    return Submission.objects.get(study=study, submission_key=pseudonym(study, "S", ids(name, study).session))


def call() -> int:
    """One turn of a worker that waits as long as it may before it tries again."""
    client = prolific_client.client()
    assert client is not None, "there is a token"
    with mock.patch("random.uniform", lambda low, high: high):
        return call_due(client)


def make_due() -> None:
    ProlificRequest.objects.filter(state=RequestState.PENDING).update(due_at=timezone.now())


def state(request: ProlificRequest) -> str:
    request.refresh_from_db()
    return request.state
