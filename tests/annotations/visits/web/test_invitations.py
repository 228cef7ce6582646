"""A pilot on one network: the coordinator makes invitations, and each link lets one person in."""

import io
import logging
import zipfile
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client

from annotations.log.replay import differences, replay
from annotations.models import Allocation, AuditRecord, BaseModel, EntryVerification, Invitation, Role, Study
from annotations.releases.download import study_download
from annotations.staff import members
from annotations.studies import lifecycle
from annotations.visits import invitations, withdrawal
from annotations.visits.resume_codes import resume_code
from tests.support import actors
from tests.support.logged import stored
from tests.support.views_pages import one, shown, tree

HERE = "203.0.113.7"
PILOT = 6


@pytest.fixture
def study(base_model: BaseModel, settings) -> Study:
    """As many places as people in the pilot, and the limit on starts from a network that a site has by default."""
    settings.UNVERIFIED_STARTS_PER_NETWORK = 3
    return actors.open_study(actors.create_study(base_model, quota=PILOT))


def page_of(study: Study) -> str:
    return f"/admin/annotations/study/{study.pk}/invitations/"


def made_on_the_page(study: Study, staff: Client, n: int = PILOT) -> list[str]:
    response = staff.post(page_of(study), {"act": "make", "n": n})
    return [str(field["value"]) for field in BeautifulSoup(response.content, "html.parser").select("input.link")]


def links_of(study: Study, n: int) -> list[str]:
    return list(invitations.make(study, n, by="coordinator").values())


def came_by(link: str, client: Client, **more: str):
    """Open a link and press Start, as its page sends it."""
    welcome = client.get(link.removeprefix("http://testserver"))
    if welcome.status_code != 200:
        return welcome
    form = one(welcome, "#start")
    sent = {field["name"]: field["value"] for field in form.select("input[name]")}
    return client.post(str(form["action"]), {**sent, **more})


def browser() -> Client:
    return Client(REMOTE_ADDR=HERE)


def test_a_pilot_of_six_from_one_address_gets_in_by_invitations(study: Study, coordinator_client: Client) -> None:
    people = [browser() for _ in range(PILOT)]
    links = made_on_the_page(study, coordinator_client)
    assert len(set(links)) == PILOT
    for link, client in zip(links, people, strict=True):
        assert came_by(link, client).status_code == 303
        assert client.post("/visit/consent", {"agree": "yes"})["Location"] == "/visit/tutorial"
    assert Allocation.objects.filter(state="live").count() == PILOT
    assert {each.verification for each in study.sessions.all()} == {EntryVerification.INVITED}
    assert differences(replay(study), stored(study)) == []


def test_plain_links_are_as_limited_as_before(study: Study, coordinator_client: Client) -> None:
    made_on_the_page(study, coordinator_client)
    consents, starts = [], []
    for n in range(5):
        client = browser()
        ids = {"PROLIFIC_PID": f"p{n}", "STUDY_ID": "s", "SESSION_ID": f"v{n}"}
        starts.append(client.post(f"/study/{study.slug}/start", ids).status_code)
        consents.append(client.post("/visit/consent", {"agree": "yes"}).status_code)
    assert starts == [303, 303, 303, 429, 429]
    assert consents == [303, 409, 409, 404, 404]


def test_a_used_invitation_is_refused_elsewhere_with_a_sentence_and_goes_on_with_the_visits_code(study: Study) -> None:
    link = links_of(study, 1)[0]
    first, second = browser(), browser()
    came_by(link, first)
    refused = came_by(link, second)
    assert refused.status_code == 403
    assert "invitation was used" in shown(one(refused, "#resume-says"))
    assert "Prolific" not in shown(one(refused, "main"))  # where they have no button
    assert study.sessions.count() == 1
    assert came_by(link, second, resume_code="0000-0000").status_code == 403
    assert came_by(link, second, resume_code=resume_code(study.sessions.get())).status_code == 303
    assert came_by(link, first).status_code == 303  # the browser where it began is asked for nothing
    assert study.sessions.count() == 1


def test_a_revoked_invitation_lets_nobody_in_and_a_used_one_cannot_be_revoked(
    study: Study, coordinator_client: Client
) -> None:
    revoked, used = links_of(study, 2)
    came_by(used, browser())
    for number in (1, 2):
        coordinator_client.post(page_of(study), {"act": "revoke", "number": number})
    refused = came_by(revoked, browser())
    assert refused.status_code == 403
    assert "invitation" in shown(one(refused, "main"))
    assert [row.state for row in Invitation.objects.order_by("number")] == ["revoked", "used"]


@pytest.mark.parametrize("token", ["", "x", "Ä" * 40, "a" * 5000])
def test_an_invented_invitation_is_refused(study: Study, token: str) -> None:
    address = f"/study/{study.slug}/"
    assert browser().get(address, {"invitation": token}).status_code == 403
    assert browser().post(f"{address}start", {"invitation": token}).status_code == 403
    assert not study.sessions.exists()


def test_an_invitation_is_for_its_own_study_alone(study: Study, base_model: BaseModel) -> None:
    other = actors.open_study(actors.create_study(base_model, "other"))
    link = links_of(study, 1)[0]
    assert came_by(link.replace(study.slug, other.slug), browser()).status_code == 403


def test_whom_the_coordinator_invites_enters_a_study_that_takes_verified_people_alone(study: Study) -> None:
    Study.objects.update(only_verified=True)
    link = links_of(study, 1)[0]
    assert came_by(link, browser()).status_code == 303


def test_the_quota_holds_for_invited_people_too(study: Study) -> None:
    links = links_of(study, PILOT + 1)
    people = [browser() for _ in links]
    for link, client in zip(links, people, strict=True):
        came_by(link, client)
    assert [client.post("/visit/consent", {"agree": "yes"}).status_code for client in people] == [303] * PILOT + [409]


def test_who_withdrew_and_was_erased_does_not_come_back_by_the_invitation(study: Study) -> None:
    link = links_of(study, 1)[0]
    client = browser()
    came_by(link, client)
    client.post("/visit/consent", {"agree": "yes"})
    withdrawal.withdraw(study.sessions.get())
    assert came_by(link, browser()).status_code in {403, 410}
    assert study.sessions.count() == 1


def test_no_token_is_stored_logged_or_exported(
    transactional_db: None, study: Study, coordinator_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        link = made_on_the_page(study, coordinator_client, 1)[0]
        came_by(link, browser())
        came_by(link, browser())
    token = link.partition("invitation=")[2]
    assert len(token) > 20
    rows = [Invitation.objects.values(), AuditRecord.objects.values(), study.events.values(), study.sessions.values()]
    archive = b"".join(study_download(study).streaming_content)  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(archive)) as export:
        exported = b"".join(map(export.read, export.namelist()))
    assert b"invited" in exported and token.encode() not in exported
    assert token not in caplog.text + str([list(each) for each in rows])
    assert token not in coordinator_client.get(page_of(study)).content.decode()


def test_analysts_neither_see_nor_make_invitations(study: Study) -> None:
    analyst_client = Client()
    analyst_client.force_login(User.objects.create_user("analyst", is_staff=True))
    members.add(study, "analyst", Role.ANALYST, by="test")
    assert analyst_client.get(f"/admin/annotations/study/{study.pk}/monitor/").status_code == 200
    assert analyst_client.get(page_of(study)).status_code == 404
    assert analyst_client.post(page_of(study), {"act": "make", "n": 1}).status_code == 404
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("n", ["0", "-1", "101", "many"])
def test_a_number_that_cannot_be_is_refused_beside_the_field(study: Study, coordinator_client: Client, n: str) -> None:
    assert coordinator_client.post(page_of(study), {"act": "make", "n": n}).status_code == 400
    assert not Invitation.objects.exists()


def test_live_counts_who_was_turned_away_and_why(study: Study, coordinator_client: Client) -> None:
    for n in range(5):
        client = browser()
        for _ in range(2):  # each link counts once
            came_by(f"/study/{study.slug}/?PROLIFIC_PID=p{n}&STUDY_ID=s&SESSION_ID=v{n}", client)
            client.post("/visit/consent", {"agree": "yes"})
    live = coordinator_client.get(f"/admin/annotations/study/{study.pk}/monitor/")
    assert [shown(row) for row in one(live, "#turned-away").select("dt, dd")] == [
        *("too many starts from their network in a day", "2"),
        *("told to wait: plain links held their share of the places", "2"),
    ]


def test_live_says_that_a_link_which_lacks_somebody_is_not_counted(study: Study, coordinator_client: Client) -> None:
    address = f"/study/{study.slug}/?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}&STUDY_ID=s&SESSION_ID=v"  # as on the overview
    assert "incomplete" in shown(one(browser().get(address), "main"))
    live = coordinator_client.get(f"/admin/annotations/study/{study.pk}/monitor/")
    assert [shown(row) for row in one(live, "#turned-away").select("dt, dd")] == ["nobody", "0"]
    assert "by an incomplete link, such as one that Prolific did not fill in, are not counted" in shown(
        one(live, "#content")
    )


def test_the_message_says_the_reason_and_when_to_come_again(study: Study) -> None:
    answers = []
    for n in range(4):
        client = browser()
        answers.append(came_by(f"/study/{study.slug}/?PROLIFIC_PID=p{n}&STUDY_ID=s&SESSION_ID=v{n}", client))
        if n < 2:
            answers.append(client.post("/visit/consent", {"agree": "yes"}))
    held, refused = answers[3], answers[5]
    assert (held.status_code, refused.status_code) == (409, 429)
    assert "Only a few people can be in this study at once by a link like yours" in shown(one(held, "main"))
    assert "in 5 minutes" in shown(one(held, "main")) and 240 < int(held["Retry-After"]) <= 300
    assert "Many people" not in held.content.decode() + refused.content.decode()
    assert "only a few people can start this study from one network in a day" in shown(one(refused, "main"))
    assert "in 24 hours" in shown(one(refused, "main")) and 86_000 < int(refused["Retry-After"]) <= 86_400


@pytest.mark.parametrize("page", ["preflight", "setup"])
def test_preflight_and_set_up_give_the_limits_of_this_study(
    study: Study, coordinator_client: Client, page: str
) -> None:
    words = shown(one(coordinator_client.get(f"/admin/annotations/study/{study.pk}/{page}/"), "#content"))
    limits = "together hold at most 1 of 6 places at a time, and at most 3 a day can start from one network"
    assert f"people without an invitation {limits}" in words


def test_a_limit_on_networks_that_no_study_of_this_size_reaches_is_not_told(
    study: Study, coordinator_client: Client, settings: Any
) -> None:
    settings.UNVERIFIED_STARTS_PER_NETWORK = 1_000_000
    words = shown(one(coordinator_client.get(f"/admin/annotations/study/{study.pk}/setup/"), "#content"))
    assert "at most 1 of 6 places at a time" in words and "1,000,000" not in words


def test_preflight_asks_for_invitations_until_there_is_one_for_each_place(
    study: Study, coordinator_client: Client
) -> None:
    links_of(study, PILOT - 1)
    preflight = f"/admin/annotations/study/{study.pk}/preflight/"
    page = coordinator_client.get(preflight)
    assert "make invitations" in shown(one(page, "#content"))
    assert tree(page).select(f'#content .checks a[href="{page_of(study)}"]')
    links_of(study, 2)
    invitations.revoke(study, 1, by="coordinator")
    words = shown(one(coordinator_client.get(preflight), "#content"))
    assert "make invitations" not in words and "There is an invitation for each of the 6 places" in words
    assert "people without an invitation together hold at most 1 of 6 places" in words


def test_each_new_link_stands_beside_the_number_by_which_it_is_revoked(
    study: Study, coordinator_client: Client
) -> None:
    links_of(study, 2)
    page = coordinator_client.post(page_of(study), {"act": "make", "n": 2})
    assert [shown(label) for label in tree(page).select(".copy label")] == ["3", "4"]
    link = made_on_the_page(study, coordinator_client, 1)[0]
    invitations.revoke(study, 5, by="coordinator")
    assert came_by(link, browser()).status_code == 403


def test_nobody_makes_invitations_to_a_closed_study(study: Study, coordinator_client: Client) -> None:
    lifecycle.close_study(study, by="coordinator")
    assert "Make invitations" not in shown(one(coordinator_client.get(page_of(study)), "#content"))


def test_the_page_of_whoever_was_invited_leads_nobody_to_prolific(study: Study) -> None:
    client = browser()
    came_by(links_of(study, 1)[0], client)
    client.post("/visit/consent", {"agree": "no", "sure": "yes"})
    assert "prolific.com" not in client.get("/visit/declined").content.decode()


def test_start_pressed_twice_on_one_page_uses_an_invitation_once(study: Study) -> None:
    link = links_of(study, 1)[0]
    form = one(browser().get(link.removeprefix("http://testserver")), "#start")
    sent = {field["name"]: field["value"] for field in form.select("input[name]")}
    assert [browser().post(str(form["action"]), sent).status_code for _ in range(2)] == [303, 303]
    assert study.sessions.count() == 1
