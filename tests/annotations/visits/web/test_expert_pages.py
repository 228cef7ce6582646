"""An expert's pages: the list of classes, the same task page, and an end without a code."""

import json
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import EndReason, StudyMember
from annotations.phrases import assignments
from annotations.studies import lifecycle
from annotations.visits import expert_visits as experts
from tests.support.experts import CODE, expert, experts_draft, logged_in
from tests.support.views_pages import one, shown
from worker.phrases.scoring import score_due_phrases


@pytest.fixture
def study(base_model):
    return lifecycle.open_study(experts_draft(base_model))


@pytest.fixture
def erika(study):
    return expert(study)


@pytest.fixture
def visit(study, erika):
    return experts.enter(study, erika)


@pytest.fixture
def client(erika, visit):
    return logged_in(erika, visit)


def page(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args), follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_participants_link_says_that_it_is_not_open_to_them(study):
    address = reverse("welcome", args=[study.slug])
    ids = {"PROLIFIC_PID": "p", "STUDY_ID": "s", "SESSION_ID": "v"}
    for answer in (Client().get(address), Client().get(address, ids), Client().post(f"{address}start", ids)):
        assert answer.status_code == 403
        assert "This study is not open to you" in answer.content.decode()
    assert not study.sessions.exists()


def test_a_visit_stands_at_its_classes(client, visit):
    shown = page(client, "visit")
    assert visit.participant.pseudonym in shown
    assert "Begin<span" in shown and "square" in shown and "oval" in shown
    assert "the AI is wrong on 38%" in shown
    german = client.get(reverse("classes"), headers={"Accept-Language": "de"}).content.decode()
    assert "irrt sich bei 38\u00a0%" in german


def test_a_class_is_picked_done_as_by_anybody_and_come_back_to(client, study, visit):
    answer = client.post(reverse("pick"), {"task": "2"})
    assignment = visit.assignments.get()
    assert answer.status_code == 303 and answer["Location"] == reverse("task", args=[assignment.public_id])
    shown = page(client, "task", assignment.public_id)
    assert 'id="timer"' not in shown and "All classes" in shown and "Images 1 of" not in shown
    client.post(reverse("submit_phrase", args=[assignment.public_id]), {"client_uuid": uuid.uuid4(), "text": "red"})
    score_due_phrases()
    assert re.search(r'class="value">0\.\d\d<', page(client, "task", assignment.public_id))
    german = client.get(reverse("task", args=[assignment.public_id]), headers={"Accept-Language": "de"})
    assert re.search(r'class="value">0,\d\d<', german.content.decode())
    shown = page(client, "classes")
    assert re.search("Go on ?<span", shown) and "1 phrase · best score" in shown
    client.post(reverse("pick"), {"task": "1"})
    assert visit.assignments.filter(state="active").count() == 2
    answer = client.post(reverse("done", args=[assignment.public_id]))
    assert answer["Location"] == reverse("classes")


def test_an_expert_goes_through_the_classes_with_notes_and_skips_one_with_a_reason(client, study, visit):
    client.post(reverse("pick"), {"task": "1"})
    first = visit.assignments.get()
    move = reverse("move", args=[first.public_id])
    shown = page(client, "task", first.public_id)
    assert "Class 1 of 2" in shown and 'Next<span class="unseen"> oval' in shown and "Previous<span" not in shown
    answer = client.post(move, {"note": "Shadows?", "task": "2"})
    second = visit.assignments.get(position=2)
    assert answer["Location"] == reverse("task", args=[second.public_id])
    shown = page(client, "task", second.public_id)
    assert "Class 2 of 2" in shown and 'Previous<span class="unseen"> square' in shown and "Next<span" not in shown
    move_on = reverse("move", args=[second.public_id])
    refused = client.post(move_on, {"note": " ", "skip": "yes"})
    assert refused.status_code == 400 and "why you skip this class" in refused.content.decode()
    assert client.post(move_on, {"note": "too dark", "skip": "yes"})["Location"] == reverse("classes")
    second.refresh_from_db()
    assert (second.state, second.end_reason, second.note) == ("ended", "skipped", "too dark")
    shown = page(client, "classes")
    assert "you have done 0 of 2 classes and skipped 1." in shown.lower()
    assert "Shadows?" in shown and "too dark" in shown and 'Take up again<span class="unseen"> oval' in shown
    assert "Next<span" not in page(client, "task", first.public_id)
    client.post(reverse("pick"), {"task": "2"})
    second.refresh_from_db()
    assert (second.state, second.end_reason, second.note) == ("active", "", "too dark")
    assert client.post(move, {"note": "none of it", "skip": "yes"})["Location"] == reverse(
        "task", args=[second.public_id]
    )


def test_a_note_that_is_too_long_is_refused_on_the_page_of_the_class_with_what_was_typed(client, study, visit):
    client.post(reverse("pick"), {"task": "1"})
    assignment = visit.assignments.get()
    for leads_on in ({}, {"task": "2"}, {"skip": "yes"}):
        refused = client.post(reverse("move", args=[assignment.public_id]), {"note": "x" * 2001, **leads_on})
        assert refused.status_code == 400
        assert shown(one(refused, "#class-note[aria-invalid]")) == "x" * 2001
        assert "at most 2000 characters" in shown(one(refused, "#note-use[role=alert]"))
    assignment.refresh_from_db()
    assert (assignment.note, assignment.state) == ("", "active") and visit.assignments.count() == 1
    assert "At most 2000 characters." in page(client, "task", assignment.public_id)


def test_nobody_elses_class_is_noted_or_skipped(alice, client, study, visit):
    assignment = experts.pick(visit, study.tasks.first())
    form = {"note": "mine", "skip": "yes"}
    assert alice.client.post(reverse("move", args=[assignment.public_id]), form).status_code == 404
    alice.client.post(reverse("move", args=[alice.assignment.public_id]), form)
    other = logged_in(expert(study, "emil"), experts.enter(study, expert(study, "eva")))
    assert other.post(reverse("move", args=[assignment.public_id]), form).status_code == 404
    for each in (assignment, alice.assignment):
        each.refresh_from_db()
        assert (each.note, each.end_reason) == ("", "")


def test_the_end_comes_when_the_expert_says_so_and_shows_no_code(client, study, visit):
    assert client.get(reverse("end"))["Location"] == reverse("classes")
    first = experts.pick(visit, study.tasks.first())
    assert client.get(reverse("end"))["Location"] == reverse("classes")
    assignments.end(first, EndReason.STUDY_CLOSED)
    assert "I have done all that I want to do" in page(client, "classes")
    shown = page(client, "end")
    assert "Back to the classes" in shown and "your completion code" not in shown
    answer = client.post(reverse("end"), follow=True)
    shown = answer.content.decode()
    assert (
        "Thank you" in shown and CODE not in shown and "Your completion code" not in shown and "Refresh" not in answer
    )
    visit.refresh_from_db()
    assert visit.stage == "finished"
    assert client.get(reverse("classes"))["Location"] == reverse("end")


@pytest.mark.parametrize("task", ["", "0", "3", "-1", "²", "1e1", "9" * 30, "x"])
def test_a_class_that_is_not_there_is_not_found(client, visit, task):
    assert client.post(reverse("pick"), {"task": task}).status_code == 404
    assert not visit.assignments.exists()


def test_a_closed_study_begins_nothing(client, study, visit):
    lifecycle.close_study(study)
    shown = page(client, "classes")
    assert "This study is closed" in shown and "Begin<span" not in shown
    assert client.post(reverse("pick"), {"task": "1"}).status_code == 409


def test_names_are_found_and_told_where_there_is_none(client):
    assert "oval" in page(client, "classes") + ""
    shown = client.get(reverse("classes"), {"q": "OVA"}).content.decode()
    assert 'Begin<span class="unseen"> oval' in shown and 'Begin<span class="unseen"> square' not in shown
    assert "None of the classes left has that" in client.get(reverse("classes"), {"q": "zebra"}).content.decode()
    assert client.get(reverse("classes"), {"q": "\0zebra"}).status_code == 400


def test_a_participant_has_no_list_of_classes(alice):
    answer = alice.client.get(reverse("classes"))
    assert answer["Location"] == reverse("task", args=[alice.assignment.public_id])
    assert alice.client.post(reverse("pick"), {"task": "1"}).status_code == 409


def test_an_experts_visit_is_open_to_nobody_without_the_login_or_the_role(client, study, erika, visit):
    assignment = experts.pick(visit, study.tasks.first())
    address = reverse("submit_phrase", args=[assignment.public_id])
    form = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    stranger = Client()
    cookie = stranger.session
    cookie["annotation_session"] = visit.pk
    cookie.save()
    other = logged_in(expert(study, "emil"), None)
    StudyMember.objects.filter(user=erika).delete()
    for each in (stranger, other, client):
        assert each.get(reverse("classes")).status_code == 404
        assert each.get(reverse("task", args=[assignment.public_id])).status_code == 404
        assert each.post(address, form).status_code == 404
    assert not assignment.phrases.exists()


def test_the_time_of_an_expert_is_kept_as_anybodys(client, study, visit):
    assignment = experts.pick(visit, study.tasks.first())
    span = {"uuid": str(uuid.uuid4()), "opening": str(uuid.uuid4()), "kind": "visible", "began_ago_ms": 900}
    span |= {"ended_ago_ms": 0, "assignment": str(assignment.public_id)}
    assert client.post(reverse("report_spans"), {"spans": json.dumps([span])}).status_code == 204
    assert visit.spans.get().assignment == assignment
