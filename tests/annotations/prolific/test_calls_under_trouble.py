"""Whatever Prolific's line does, each act is in effect once at most, and a request says what became of it."""

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import ProlificRequest, RequestState
from annotations.prolific import site_client as prolific_client
from annotations.prolific.request_sender import call_due
from annotations.prolific.retry_schedule import MAX_TRIES
from annotations.prolific.submission_requests import ask
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of

TROUBLES = [Trouble(), Trouble(429), Trouble(500), Trouble(is_lost=True), Trouble(400)]
ACTS = {"approve": ("AWAITING REVIEW", {}), "complete": ("ACTIVE", {}), "message": ("ACTIVE", {"text": "Thank you!"})}
REACHED = {"approve": "APPROVED", "complete": "AWAITING REVIEW"}


def test_no_trouble_makes_an_act_happen_twice(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    people = {act: begin_there(prolific, study, act, status) for act, (status, _detail) in ACTS.items()}
    for act in ACTS:
        arrive(study, act, consents=False)

    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(TROUBLES), max_size=25))
    def check(troubles):
        clerk = prolific.clerk
        clerk.messages.clear()
        clerk.hooks.clear()
        prolific.trouble.clear()
        for act, (status, _detail) in ACTS.items():
            people[act].status = status
        with transaction.atomic():
            requests = {act: ask(submission_of(study, act), act, by="cora", **ACTS[act][1]) for act in ACTS}
            prolific.meet(*troubles)
            for _turn in range(MAX_TRIES + 1):
                ProlificRequest.objects.filter(state=RequestState.PENDING).update(due_at=timezone.now())
                call_due(prolific_client.client())
            for act, request in requests.items():
                request.refresh_from_db()
                assert request.state in {RequestState.DONE, RequestState.FAILED}
                assert (request.state == RequestState.FAILED) == bool(request.last_error)
                happened = len(clerk.messages) if act == "message" else people[act].status == REACHED[act]
                assert happened <= 1
                if request.state == RequestState.DONE:
                    assert happened == 1
            assert len(clerk.hooks) <= 2  # one change of each submission, at most
            transaction.set_rollback(True)

    check()
