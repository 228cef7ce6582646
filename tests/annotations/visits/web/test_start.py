"""POST /study/<slug>/start"""

import uuid

from django.test import Client

from annotations.models import AnnotationSession, DeviceReport, Stage, Study
from annotations.studies.lifecycle import close_study
from annotations.visits.resume_codes import resume_code
from tests.support.actors import Visit
from tests.support.views_pages import one, shown, tree

IDS = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}


def test_starting_begins_a_visit_and_leaves_the_ids_behind(client: Client, open_study: Study) -> None:
    response = client.post("/study/sprites/start", IDS)
    assert (response.status_code, response["Location"]) == (303, "/visit/")
    assert AnnotationSession.objects.get().stage == Stage.CONSENT
    assert client.get("/visit/")["Location"] == "/visit/consent"


def test_starting_twice_is_one_visit(client: Client, open_study: Study) -> None:
    for _ in range(2):
        assert client.post("/study/sprites/start", IDS).status_code == 303
    assert AnnotationSession.objects.count() == 1


def test_a_second_device_goes_on_in_the_same_place(client: Client, open_study: Study) -> None:
    client.post("/study/sprites/start", IDS)
    client.post("/visit/consent", {"agree": "yes"})
    other = Client()
    other.post("/study/sprites/start", {**IDS, "resume_code": resume_code(AnnotationSession.objects.get())})
    assert other.get("/visit/")["Location"] == "/visit/tutorial"


def test_the_session_key_changes_at_the_start(client: Client, open_study: Study) -> None:
    client.post("/study/sprites/start", IDS)
    planted = client.cookies["clarify_session"].value
    client.post("/study/sprites/start", {**IDS, "SESSION_ID": "another"})
    assert client.cookies["clarify_session"].value != planted


def test_a_malformed_id_is_refused(client: Client, open_study: Study) -> None:
    response = client.post("/study/sprites/start", {**IDS, "SESSION_ID": "a b\n"})
    assert response.status_code == 400
    assert "incomplete" in tree(response).text
    assert not AnnotationSession.objects.exists()


def test_nobody_new_enters_a_closed_study(client: Client, open_study: Study) -> None:
    close_study(open_study)
    response = client.post("/study/sprites/start", IDS)
    assert response.status_code == 409
    assert shown(one(response, "main")) == "This study is closed What you submitted before is kept."
    assert not AnnotationSession.objects.exists()


def test_without_a_csrf_token_nothing_begins(open_study: Study) -> None:
    response = Client(enforce_csrf_checks=True).post("/study/sprites/start", IDS)
    assert response.status_code == 403
    assert "Please send that again" in tree(response).text
    assert not AnnotationSession.objects.exists()


def test_a_get_does_not_start(client: Client, open_study: Study) -> None:
    assert client.get("/study/sprites/start", IDS).status_code == 405
    assert not AnnotationSession.objects.exists()


def test_an_unknown_visit_is_told_how_to_come_back(client: Client, alice: Visit) -> None:
    response = client.get("/visit/")
    assert response.status_code == 404
    assert "open the study’s link again" in tree(response).text


def test_what_the_device_says_of_itself_is_kept_with_each_start(client: Client, open_study: Study) -> None:
    client.post("/study/sprites/start", IDS)
    client.post("/study/sprites/start", {**IDS, "device-script": "yes", "device-client_uuid": str(uuid.UUID(int=5))})
    client.post("/study/sprites/start", {**IDS, "device-script": "maybe", "device-client_uuid": "5"})
    stored = DeviceReport.objects.values_list("has_script", "client_uuid")
    assert list(stored) == [(False, None), (True, uuid.UUID(int=5)), (False, None)]
