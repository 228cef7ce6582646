"""The pages of a preview: the same as a participant's, and each says that nothing counts."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.models import AnnotationSession, Condition, Event, SessionKind, Stage, Study
from annotations.visits import preview_links, sessions
from tests.support import actors
from tests.support.steps import end, submit_and_score
from tests.support.views_pages import one, shown, tree

BANNER = "p.rehearsal"


@pytest.fixture
def link(open_study: Study, coordinator: User) -> dict[str, str]:
    """The preview link's query."""
    return {preview_links.PARAMETER: preview_links.preview_url(open_study, coordinator).partition("=")[2]}


@pytest.fixture
def preview(open_study: Study, link: dict[str, str], client: Client) -> AnnotationSession:
    assert client.post("/study/sprites/start", link)["Location"] == "/visit/"
    return AnnotationSession.objects.get()


def test_the_welcome_page_shows_the_banner_carries_the_link_and_stores_nothing(
    client: Client, link: dict[str, str]
) -> None:
    response = client.get("/study/sprites/", link)
    assert "nothing counts" in shown(one(response, BANNER))
    assert one(response, "form#start input[name=rehearsal]")["value"] == link[preview_links.PARAMETER]
    assert not AnnotationSession.objects.exists()
    assert not Event.objects.filter(kind="session_entered").exists()


def test_starting_makes_a_preview_under_a_clean_address(preview: AnnotationSession) -> None:
    assert (preview.kind, preview.stage) == (SessionKind.PREVIEW, Stage.CONSENT)


def test_each_page_of_the_visit_shows_the_banner(client: Client, preview: AnnotationSession) -> None:
    seen = []
    address = reverse("admin:annotations_study_change", args=[preview.study_id])

    def look() -> None:
        response = client.get("/visit/", follow=True)
        seen.append(response.request["PATH_INFO"].rstrip("/").split("/")[2])
        (banner,) = tree(response).select(BANNER)
        assert address in [link["href"] for link in banner.select("a")], seen[-1]

    look()
    sessions.give_consent(preview)
    look()
    actors.do_tutorial(preview)
    look()
    actors.pass_check(preview)
    look()
    assignment = preview.assignments.get()
    client.post(f"/visit/tasks/{assignment.public_id}/begin")
    look()
    assignment.refresh_from_db()
    submit_and_score(actors.Visit(preview, assignment, client, {}), "red")
    end(actors.Visit(preview, assignment, client, {}))
    look()
    sessions.finish(preview)
    look()
    assert seen == ["consent", "tutorial", "check", "tasks", "tasks", "end", "end"]


def test_its_end_shows_the_code_and_leads_nowhere(client: Client, preview: AnnotationSession) -> None:
    sessions.give_consent(preview)
    actors.pass_check(actors.do_tutorial(preview))
    preview.assignments.update(state="ended", ended_at=preview.created_at, end_reason="done")
    response = client.post("/visit/end", follow=True)
    assert shown(one(response, "#completion-code")).strip() == "C0DE1234"
    assert "Refresh" not in response.headers
    assert b"app.prolific.com" not in response.content


def test_a_participants_pages_have_no_banner(alice: actors.Visit, client: Client) -> None:
    ids = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}
    assert not tree(client.get("/study/sprites/", ids)).select(BANNER)
    assert not tree(alice.client.get("/visit/", follow=True)).select(BANNER)


def test_the_banner_names_the_condition(client: Client, draft_study: Study, coordinator: User) -> None:
    condition = Condition.objects.create(study=draft_study, name="without words")
    url = preview_links.preview_url(draft_study, coordinator, condition)
    client.post("/study/sprites/start", {preview_links.PARAMETER: url.partition("=")[2]})
    assert "Condition: without words" in shown(one(client.get("/visit/consent"), BANNER))


def test_a_link_that_was_changed_gets_a_page_that_says_where_to_find_a_new_one(
    client: Client, link: dict[str, str]
) -> None:
    changed = {preview_links.PARAMETER: link[preview_links.PARAMETER][:-1]}
    for response in (client.get("/study/sprites/", changed), client.post("/study/sprites/start", changed)):
        assert response.status_code == 403
        assert "Open a new preview" in tree(response).text
    assert not AnnotationSession.objects.exists()


def test_a_link_whose_maker_lost_the_role_says_so(client: Client, link: dict[str, str], coordinator: User) -> None:
    User.objects.filter(pk=coordinator.pk).update(is_superuser=False)
    for response in (client.get("/study/sprites/", link), client.post("/study/sprites/start", link)):
        assert response.status_code == 403
        assert "no longer coordinates the study" in tree(response).text
    assert not AnnotationSession.objects.exists()


def test_a_draft_that_is_not_ready_says_what_is_missing(client: Client, draft_study: Study, coordinator: User) -> None:
    link = {preview_links.PARAMETER: preview_links.preview_url(draft_study, coordinator).partition("=")[2]}
    draft_study.tasks.update(text_template="{phrase} and {phrase}")
    response = client.post("/study/sprites/start", link)
    assert response.status_code == 409
    assert "template" in tree(response).text
