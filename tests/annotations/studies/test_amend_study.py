"""Correcting what never froze: in every state the codes, and the rest until the study is closed."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from annotations.base.service_errors import NotPossible
from annotations.log.replay import LogCheck
from annotations.models import Study, StudyState, event_kinds
from annotations.models.study import AMENDABLE, CODES
from annotations.studies import lifecycle
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score


@pytest.fixture(params=["paused", "closed"])
def ended_study(request: pytest.FixtureRequest, open_study: Study) -> Study:
    return lifecycle.pause_study(open_study) if request.param == "paused" else lifecycle.close_study(open_study)


def test_the_codes_of_a_paused_or_closed_study_are_corrected_and_both_logs_know(
    ended_study: Study, coordinator: User
) -> None:
    frozen = ended_study.configurations.get()
    given = {"completion_code": "RIGHT", "no_consent_code": "NO"}
    assert lifecycle.amend_study(ended_study, given, by="coordinator") == ["completion_code", "no_consent_code"]
    event = ended_study.events.filter(kind=event_kinds.STUDY_AMENDED).get()
    assert event.payload["fields"] == ["completion_code", "no_consent_code"]
    record = ended_study.audit_records.get(act="study_amended")
    assert (record.actor, record.detail["changes"]) == (
        "coordinator",
        {
            "completion_code": {"from": "C0DE1234", "to": "RIGHT"},
            "no_consent_code": {"from": "", "to": "NO"},
        },
    )
    kept = ended_study.configurations.get()
    assert (kept.version, kept.digest, kept.data) == (frozen.version, frozen.digest, frozen.data)
    assert list(LogCheck(ended_study).differences()) == []


def test_a_code_of_a_closed_study_reaches_who_comes_back(open_study: Study, alice: Visit) -> None:
    submit_and_score(alice, "red")
    end(alice)
    alice.client.post("/visit/end")
    lifecycle.close_study(open_study)
    lifecycle.amend_study(open_study, {"completion_code": "RIGHT"}, by="coordinator")
    page = alice.client.get("/visit/end").content.decode()
    assert "RIGHT" in page
    assert "C0DE1234" not in page


@pytest.mark.parametrize("name", sorted(set(AMENDABLE) - set(CODES)))
def test_nothing_else_of_a_closed_study_changes(open_study: Study, name: str) -> None:
    lifecycle.close_study(open_study)
    with pytest.raises(NotPossible, match="Only its codes"):
        lifecycle.amend_study(open_study, {"completion_code": "RIGHT", name: getattr(open_study, name)}, by="c")
    open_study.refresh_from_db()
    assert (open_study.state, open_study.completion_code) == (StudyState.CLOSED, "C0DE1234")


def test_the_same_codes_again_are_no_change(open_study: Study) -> None:
    lifecycle.close_study(open_study)
    assert lifecycle.amend_study(open_study, {"completion_code": "C0DE1234"}, by="c") == []
    assert not open_study.audit_records.filter(act="study_amended").exists()


def test_a_closed_study_keeps_a_completion_code(open_study: Study) -> None:
    lifecycle.close_study(open_study)
    with pytest.raises(ValidationError):
        lifecycle.amend_study(open_study, {"completion_code": ""}, by="c")
