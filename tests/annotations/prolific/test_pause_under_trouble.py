"""Whatever is asked about a study, and whatever Prolific's line does, in the end it stands as was asked last."""

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import ProlificRequest, RequestState
from annotations.prolific import recruitment, status_comparison
from annotations.prolific import site_client as prolific_client
from annotations.prolific.request_sender import call_due
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import THERE, put_on_prolific

TROUBLES = [Trouble(), Trouble(429), Trouble(500), Trouble(is_lost=True)]
ASKED = st.sampled_from(["pause_study", "start_study"])
MET = st.lists(st.sampled_from(TROUBLES), max_size=4)
WANTED = {"pause_study": "PAUSED", "start_study": "ACTIVE"}


def call_all_due():
    ProlificRequest.objects.filter(state=RequestState.PENDING).update(due_at=timezone.now())
    call_due(prolific_client.client())


def test_in_the_end_a_study_stands_as_was_asked_last(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    there = prolific.clerk.studies[THERE]

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(ASKED, MET), min_size=1, max_size=8))
    def check(steps):
        there.status = "ACTIVE"
        prolific.trouble.clear()
        with transaction.atomic():
            for step in steps:
                if isinstance(step, str):
                    recruitment.ask(study, step, by="cora")
                else:
                    prolific.meet(*step)
                    call_due(prolific_client.client())  # what failed before is not due yet, what is new is
                    prolific.trouble.clear()
            for _turn in steps:
                call_all_due()
            asked = [step for step in steps if isinstance(step, str)]
            assert there.status == (WANTED[asked[-1]] if asked else "ACTIVE")
            assert not ProlificRequest.objects.filter(state=RequestState.PENDING).exists()
            if asked:
                assert status_comparison.newest_request(study).state == RequestState.DONE
            transaction.set_rollback(True)

    check()
