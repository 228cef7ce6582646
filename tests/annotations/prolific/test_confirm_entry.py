"""Whether Prolific knows a submission as this person's: yes, as another's, or no answer."""

import pytest

from annotations.prolific import site_client as prolific_client
from annotations.prolific.submissions import confirm
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import begin_there, ids, put_on_prolific


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def test_who_began_there_is_confirmed(study, prolific):
    begin_there(prolific, study, "anna")
    assert confirm(study, ids("anna", study)) is True


def test_a_submission_that_prolific_does_not_know_is_nobodys(study):
    assert confirm(study, ids("anna", study)) is None


def test_somebody_elses_submission_is_not(study, prolific):
    begin_there(prolific, study, "anna")
    assert confirm(study, ids("anna", study)._replace(participant="bert-person")) is False


def test_a_submission_of_another_study_is_not(study, prolific):
    prolific.add_study("elsewhere")
    prolific.add_submission("elsewhere", "anna-person", "anna-visit")
    assert confirm(study, ids("anna", study)) is False
    assert confirm(study, ids("anna", study)._replace(study="elsewhere")) is False


def test_without_a_token_nobody_is_asked(study, prolific, settings):
    settings.PROLIFIC_TOKEN = ""
    assert confirm(study, ids("anna", study)) is None
    assert prolific.calls == []


@pytest.mark.parametrize("trouble", [Trouble(500), Trouble(429), Trouble(401), Trouble(is_lost=True)])
def test_a_prolific_in_trouble_says_nothing_and_is_asked_once(study, prolific, trouble):
    begin_there(prolific, study, "anna")
    prolific.meet(trouble)
    assert confirm(study, ids("anna", study)) is None
    assert len(prolific.calls) == 1


def test_after_a_silence_the_next_people_do_not_wait(study, prolific, monkeypatch):
    begin_there(prolific, study, "anna")
    prolific.meet(Trouble(503))
    confirm(study, ids("anna", study))
    assert confirm(study, ids("anna", study)) is None
    assert len(prolific.calls) == 1
    prolific_client.prolific_circuit.close()
    assert confirm(study, ids("anna", study)) is True
