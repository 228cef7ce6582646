"""The study's draft on Prolific, made of its set-up here, and more places on both sides."""

import pytest

from annotations.models import Audience, AuditRecord, ProlificRequest, RequestState, Study
from annotations.prolific.client import Prolific
from annotations.readings.studies.preflight.check_result import Level
from annotations.readings.studies.preflight.prolific_checks import remote_checks
from annotations.services.common.service_errors import NoProlificToken, RequestRefused
from annotations.services.prolific import prolific_client, study_drafts
from annotations.services.studies import lifecycle
from tests.fake_prolific.server import Trouble
from tests.prolific_steps import THERE, call, make_due, put_on_prolific, state

DONE, FAILED, PENDING = RequestState.DONE, RequestState.FAILED, RequestState.PENDING
GIVEN = {"description": "Describe pictures.", "devices": ["desktop"], "minutes": 15}


@pytest.fixture
def study(draft_study, prolific):
    for name, value in {
        "quota": 30,
        "reward_cents": 250,
        "max_minutes": 45,
        "no_consent_code": "NOCONSENT",
        "failed_check_code": "FAILED",
        "researcher_code": "RESEARCH",
    }.items():
        setattr(draft_study, name, value)
    draft_study.save()
    return draft_study


def ask(study, **changed):
    return study_drafts.ask_for_draft(study, study_drafts.draft_fields(study, **{**GIVEN, **changed}), by="cora")


def test_a_draft_is_made_there_that_agrees_with_the_study_here(study, prolific):
    request = ask(study)
    assert call() == 1 and state(request) == DONE
    (there,) = prolific.clerk.studies.values()
    study.refresh_from_db()
    assert (study.external_study_id, there.status) == (there.study_id, "UNPUBLISHED")
    remote = prolific_client.client().study(there.study_id)
    assert [check.level for check in remote_checks(study, remote, lifecycle.entry_url(study))] == [Level.PASS]
    acts = AuditRecord.objects.filter(study=study).order_by("pk").values_list("act", flat=True)
    assert list(acts)[-3:] == ["prolific_create_draft", "study_amended", "prolific_done"]


def test_each_code_says_who_may_use_it_and_what_it_sets_off(study):
    codes = study_drafts.draft_fields(study, **GIVEN)["completion_codes"]
    assert [(code["code_type"], code["actor"], code["actions"][0]["action"]) for code in codes] == [
        ("COMPLETED", "participant", "MANUALLY_REVIEW"),
        ("NO_CONSENT", "participant", "REQUEST_RETURN"),
        ("OTHER", "participant", "REQUEST_RETURN"),
        ("OTHER", "researcher", "MANUALLY_REVIEW"),
    ]


def test_who_fails_the_check_with_pay_has_an_amount_and_a_number(study):
    study.failed_check_is_paid = True
    codes = study_drafts.draft_fields(study, **GIVEN, screen_out_cents=50, screen_out_slots=10)["completion_codes"]
    assert codes[2]["code_type"] == "FIXED_SCREENOUT"
    assert codes[2]["actions"] == [
        {"action": "FIXED_SCREEN_OUT_PAYMENT", "fixed_screen_out_reward": 50, "slots": 10},
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quota": None}, "no quota"),
        ({"reward_cents": None}, "no reward"),
        ({"external_study_id": THERE}, "already has an id on Prolific"),
        ({"audience": Audience.EXPERTS}, "for experts"),
    ],
)
def test_what_the_study_lacks_is_named(study, change, says):
    for name, value in change.items():
        setattr(study, name, value)
    with pytest.raises(RequestRefused, match=says):
        study_drafts.draft_fields(study, **GIVEN)


def test_it_is_asked_for_once_and_never_of_a_study_that_is_there(study, settings):
    fields = study_drafts.draft_fields(study, **GIVEN)
    assert ask(study) == ask(study)
    Study.objects.update(external_study_id=THERE)
    with pytest.raises(RequestRefused, match="already"):
        study_drafts.ask_for_draft(study, fields, by="cora")
    settings.PROLIFIC_TOKEN = ""
    with pytest.raises(NoProlificToken):
        study_drafts.ask_for_draft(study, fields, by="cora")


def test_a_busy_prolific_is_asked_again(study, prolific):
    request = ask(study)
    prolific.meet(*[Trouble(429)] * 3)
    assert call() == 0 and state(request) == PENDING
    make_due()
    assert call() == 1 and len(prolific.clerk.studies) == 1


@pytest.mark.parametrize("trouble", [Trouble(is_lost=True), Trouble(500)])
def test_a_draft_that_may_be_there_is_not_made_again(study, prolific, trouble):
    request = ask(study)
    prolific.meet(trouble)
    assert call() == 0
    assert state(request) == FAILED and "may still have created it" in request.last_error
    study.refresh_from_db()
    assert study.external_study_id == ""


def test_a_draft_whose_worker_died_is_not_made_again(study, prolific, monkeypatch):
    request = ask(study)
    with monkeypatch.context() as dying:
        dying.setattr(Prolific, "create_study", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            call()
    make_due()
    assert call() == 0
    assert state(request) == FAILED and "may still have created it" in request.last_error and not prolific.clerk.studies


def test_an_id_that_was_entered_meanwhile_stays(study, prolific):
    request = ask(study)
    Study.objects.update(external_study_id=THERE)
    assert call() == 0
    assert state(request) == FAILED and "another id was entered" in request.last_error
    study.refresh_from_db()
    assert study.external_study_id == THERE


@pytest.fixture
def on_prolific(study, prolific):
    put_on_prolific(study, prolific)
    prolific.clerk.studies[THERE].fields["total_available_places"] = 30
    return study


def test_places_are_raised_on_both_sides(on_prolific, prolific):
    request = study_drafts.raise_places(on_prolific, 50, by="cora")
    assert on_prolific.quota == 50
    assert call() == 1 and state(request) == DONE
    assert prolific.clerk.studies[THERE].fields["total_available_places"] == 50


def test_places_that_are_there_already_are_enough(on_prolific, prolific):
    prolific.clerk.studies[THERE].fields["total_available_places"] = 60
    request = study_drafts.raise_places(on_prolific, 50, by="cora")
    assert call() == 1 and state(request) == DONE
    assert prolific.clerk.studies[THERE].fields["total_available_places"] == 60


def test_an_answer_that_was_lost_raises_nothing_twice(on_prolific, prolific):
    request = study_drafts.raise_places(on_prolific, 50, by="cora")
    prolific.meet(*[Trouble(is_lost=True)] * 3)
    assert call() == 0 and state(request) == PENDING
    make_due()
    assert call() == 1 and state(request) == DONE


@pytest.mark.parametrize(("quota", "places"), [(30, 30), (30, 20), (None, 50)])
def test_places_are_never_fewer(on_prolific, quota, places):
    on_prolific.quota = quota
    on_prolific.save()
    with pytest.raises(RequestRefused, match="can only be raised"):
        study_drafts.raise_places(on_prolific, places, by="cora")
    assert not ProlificRequest.objects.exists()
