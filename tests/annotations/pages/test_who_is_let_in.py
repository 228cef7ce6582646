"""Pages for people who are not let in: no place is left, they were here before, or nobody vouches for their link."""

import pytest
from django.test import Client

from annotations.models import AnnotationSession, EntryVerification, RestartRule, Stage, Study
from annotations.visits import sessions
from tests.annotations.allocation.arrivals import completed
from tests.fake_prolific import FakeProlific, link_signer
from tests.fake_prolific.server import KEY
from tests.support.actors import Visit
from tests.support.views_pages import one, shown, tree

IDS = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}
START = "/study/sprites/start"


@pytest.fixture
def taken(alice: Visit) -> Visit:
    """The study's one place is Alice's."""
    Study.objects.update(quota=1)
    return alice


def test_a_full_study_says_so_before_anybody_starts(client: Client, taken: Visit) -> None:
    response = client.get("/study/sprites/", IDS)
    assert response.status_code == 409
    assert "All places" in shown(one(response, "h1"))
    assert "not a rejection" in tree(response).text


def test_who_holds_a_place_is_welcome_in_a_full_study(client: Client, taken: Visit) -> None:
    assert shown(one(client.get("/study/sprites/", taken.external_ids), "form#start button")) == "Continue"


def test_a_full_study_offers_the_way_back_to_those_who_had_begun(client: Client, taken: Visit) -> None:
    Study.objects.update(quota=2)
    client.post(START, IDS)
    Study.objects.update(quota=1)
    form = one(client.get("/study/sprites/", IDS), "form#start")
    assert {field["name"]: field["value"] for field in form.select("input")}.items() >= IDS.items()
    others = {**IDS, "PROLIFIC_PID": "dave", "SESSION_ID": "w"}
    assert not tree(client.get("/study/sprites/", others)).select("form#start")


def test_nobody_starts_in_a_full_study(client: Client, taken: Visit) -> None:
    response = client.post(START, IDS)
    assert (response.status_code, AnnotationSession.objects.count()) == (409, 1)
    assert "All places" in shown(one(response, "h1"))


def test_a_study_that_fills_up_before_the_consent_asks_for_none(client: Client, open_study: Study) -> None:
    client.post(START, IDS)
    Study.objects.update(quota=1)
    other = Client()
    other.post(START, {**IDS, "PROLIFIC_PID": "dave", "SESSION_ID": "w"})
    other.post("/visit/consent", {"agree": "yes"})
    for response in (client.get("/visit/consent"), client.post("/visit/consent", {"agree": "yes"})):
        assert response.status_code == 409
        assert "All places" in shown(one(response, "h1"))
        assert not tree(response).select("main a.button")  # the consent form is no way on
    assert client.post("/visit/consent", {"agree": "no", "sure": "yes"})["Location"] == "/visit/declined"


def test_who_completed_sees_the_way_to_their_code_in_their_own_browser_alone(alice: Visit) -> None:
    completed(alice.session)
    again = {**alice.external_ids, "SESSION_ID": "another"}
    own, elsewhere = alice.client.post(START, again), Client().post(START, again)
    for response in (own, elsewhere):
        assert response.status_code == 409
        assert "did this study before" in tree(response).text
        assert b"C0DE1234" not in response.content
    assert one(own, "main a.button")["href"] == "/visit/"
    assert not tree(elsewhere).select("main a.button")
    assert "C0DE1234" in alice.client.get("/visit/", follow=True).content.decode()


def test_the_same_link_after_the_completion_shows_the_code_again(alice: Visit) -> None:
    completed(alice.session)
    response = alice.client.post(START, alice.external_ids, follow=True)
    assert shown(one(response, "#completion-code")).strip() == "C0DE1234"


def test_who_began_before_is_told_so_where_the_study_lets_nobody_in_twice(client: Client, alice: Visit) -> None:
    Study.objects.update(restart_rule=RestartRule.REFUSED)
    response = client.post(START, {**alice.external_ids, "SESSION_ID": "another"})
    assert response.status_code == 409
    assert "You were here before" in shown(one(response, "h1"))


def test_who_began_before_starts_again_where_the_study_allows_it(client: Client, alice: Visit) -> None:
    client.post(START, {**alice.external_ids, "SESSION_ID": "another"})
    client.post("/visit/consent", {"agree": "yes"})
    second = AnnotationSession.objects.latest("id")
    assert (second.participant, second.stage) == (alice.participant, Stage.TUTORIAL)


def test_the_token_of_a_signed_link_goes_with_the_form_and_no_further(
    client: Client, open_study: Study, prolific: FakeProlific
) -> None:
    token = link_signer.token(KEY, submission_id="v", audience="testserver")
    welcome = client.get("/study/sprites/", {**IDS, "prolific_token": token})
    fields = {field["name"]: field["value"] for field in one(welcome, "form#start").select("input")}
    assert fields["prolific_token"] == token
    assert client.post(START, fields)["Location"] == "/visit/"
    assert AnnotationSession.objects.get().verification == EntryVerification.SIGNED


def test_a_link_without_proof_is_refused_where_the_study_asks_for_it(client: Client, open_study: Study) -> None:
    Study.objects.update(only_verified=True)
    response = client.post(START, IDS)
    assert (response.status_code, AnnotationSession.objects.exists()) == (403, False)
    assert "could not confirm" in shown(one(response, "h1"))


def test_who_declined_may_come_again(client: Client, open_study: Study) -> None:
    sessions.decline(sessions.enter(open_study, participant_id="carol", study_id="s", session_id="first"))
    assert client.post(START, IDS).status_code == 303
