"""A visit goes on in another browser: by a signed link, by Prolific's word, or with the code that its pages show."""

import pytest
from django.test import Client

from annotations.models import AnnotationSession, Study
from annotations.visits import entry_verification
from annotations.visits.resume_codes import is_resume_code, resume_code
from tests.fake_prolific import FakeProlific
from tests.support.actors import Visit, create_study, open_study
from tests.support.views_pages import one, shown, tree

START = "/study/sprites/start"


def begin(visit: Visit, client: Client | None = None, **also: str):
    """Somebody comes by the visit's link: by default in a browser that was never here."""
    return (client or Client()).post(START, {**visit.external_ids, **also})


def code_on(visit: Visit) -> str:
    page = visit.client.get(f"/visit/tasks/{visit.assignment.public_id}/")
    return shown(one(page, ".resume-code code"))


def test_ids_alone_open_nobodys_visit_in_another_browser(alice: Visit) -> None:
    stranger = Client()
    response = begin(alice, stranger)
    assert response.status_code == 403
    assert "type the visit code" in shown(one(response, "main"))
    assert "go back to Prolific, and press the button there" in shown(one(response, "main"))
    assert alice.session.study.completion_code not in response.content.decode()
    assert stranger.get("/visit/").status_code == 404
    assert alice.session.device_reports.count() == 0


def test_with_the_code_that_the_page_showed_it_goes_on(alice: Visit) -> None:
    other = Client()
    form = one(begin(alice, other), "form#resume")
    fields = {str(each["name"]): str(each.get("value", "")) for each in form.select("input")}
    assert fields.items() >= dict(alice.external_ids).items()
    response = other.post(str(form["action"]), {**fields, "resume_code": code_on(alice)})
    assert (response.status_code, response["Location"]) == (303, "/visit/")
    assert str(alice.assignment.public_id) in other.get("/visit/")["Location"]
    assert begin(alice, other).status_code == 303  # from now on without it


def test_the_code_is_forgiving_about_how_it_is_typed(alice: Visit) -> None:
    code = resume_code(alice.session)
    assert is_resume_code(alice.session, code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    assert not any(is_resume_code(alice.session, other) for other in ("", "-", code[:-1], f"{code}0", "\0"))


def test_each_visit_has_its_own(alice: Visit, bob: Visit) -> None:
    assert begin(alice, resume_code=resume_code(bob.session)).status_code == 403


def test_a_wrong_code_is_said_beside_the_field(alice: Visit) -> None:
    response = begin(alice, resume_code="AAAA-AAAA")
    assert response.status_code == 403
    assert "not right" in shown(one(response, "#resume-says[role=alert]"))
    assert one(response, "#resume-code")["aria-invalid"] == "true"


def test_codes_cannot_be_tried_out_and_a_stranger_uses_up_no_tries_but_their_own(alice: Visit) -> None:
    stranger, code = Client(REMOTE_ADDR="198.51.100.7"), code_on(alice)
    codes = [begin(alice, stranger, resume_code="AAAA-AAAA").status_code for _ in range(entry_verification.CODES_TRIED)]
    assert codes == [403] * entry_verification.CODES_TRIED
    response = begin(alice, stranger, resume_code=code)
    assert response.status_code == 429 and int(response["Retry-After"]) <= entry_verification.CODES_WINDOW_S
    assert begin(alice, Client(REMOTE_ADDR="203.0.113.7"), resume_code=code).status_code == 303


def test_the_same_browser_needs_no_code_also_after_another_study(alice: Visit, base_model) -> None:
    other = open_study(create_study(base_model, "other"))
    assert alice.client.post(f"/study/{other.slug}/start", alice.external_ids).status_code == 303
    assert begin(alice, alice.client).status_code == 303


def test_start_pressed_twice_while_going_on_keeps_the_cookie(alice: Visit) -> None:
    before = alice.client.cookies["clarify_session"].value
    begin(alice, alice.client)
    assert alice.client.cookies["clarify_session"].value == before


def test_before_consent_there_is_nothing_to_protect(client: Client, study_at_consent: dict[str, str]) -> None:
    assert client.post(START, study_at_consent).status_code == 303


@pytest.fixture
def study_at_consent(open_study: Study) -> dict[str, str]:
    ids = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}
    Client().post(START, ids)
    return ids


def test_a_signed_link_goes_on_anywhere(alice: Visit, prolific: FakeProlific) -> None:
    ids = alice.external_ids
    whose = {"workspace_id": "w", "participant_id": ids["PROLIFIC_PID"], "study_id": ids["STUDY_ID"]}
    token = prolific.link_token(ids["SESSION_ID"], prolific=whose)
    assert begin(alice, prolific_token=token).status_code == 303


def test_prolifics_word_goes_on_anywhere(alice: Visit, prolific: FakeProlific) -> None:
    ids = alice.external_ids
    assert begin(alice).status_code == 403
    prolific.add_submission(ids["STUDY_ID"], ids["PROLIFIC_PID"], ids["SESSION_ID"])
    assert begin(alice).status_code == 303


def test_a_link_with_names_of_its_own_is_not_prolifics(alice: Visit) -> None:
    Study.objects.update(participant_parameter="pid")
    page = Client().post(START, {**alice.external_ids, "pid": alice.external_ids["PROLIFIC_PID"]})
    assert page.status_code == 403 and "Prolific" not in shown(one(page, "main"))


def test_the_page_speaks_german(alice: Visit) -> None:
    page = begin(alice, Client(headers={"accept-language": "de"}))
    assert "In diesem Browser weitermachen" in tree(page).text


def test_a_study_for_verified_people_alone_lets_who_knows_the_code_go_on(alice: Visit) -> None:
    Study.objects.update(only_verified=True)
    assert begin(alice, resume_code=resume_code(alice.session)).status_code == 303
    assert AnnotationSession.objects.count() == 1
