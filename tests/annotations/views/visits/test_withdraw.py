"""GET and POST /withdraw/<visit>?key=…, GET /visit/withdraw"""

import uuid

import pytest
from django.test import Client

from annotations.models import AnnotationSession, Stage
from tests.actors import Visit
from tests.annotations.views.pages import one, shown, tree


def link(visit: Visit) -> str:
    """The person's own link, as the visit leads to it."""
    return str(visit.client.get("/visit/withdraw")["Location"])


def test_looking_at_the_link_withdraws_nothing(alice: Visit, client: Client) -> None:
    assert one(client.get(link(alice)), "form#withdraw")
    assert AnnotationSession.objects.get().withdrawn_at is None


def test_the_button_withdraws_without_a_cookie(alice: Visit, client: Client) -> None:
    response = client.post(link(alice), follow=True)
    assert shown(one(response, "h1")) == "You have withdrawn"
    assert not tree(response).select("form#withdraw")
    assert AnnotationSession.objects.get().stage == Stage.WITHDRAWN


def test_the_visit_then_stands_on_that_page(alice: Visit) -> None:
    own = link(alice)
    alice.client.post(own)
    assert alice.client.get("/visit/")["Location"] == own
    assert alice.client.get(own).status_code == 200


@pytest.mark.parametrize("key", ["", "?key=", "?key=aaaaaaaaaaaaaaaaaaaaaaaaaa", "?key=ü"])
def test_without_its_key_the_link_leads_nowhere(alice: Visit, client: Client, key: str) -> None:
    url = link(alice).split("?")[0] + key
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
    assert AnnotationSession.objects.get().withdrawn_at is None


def test_anothers_key_does_not_open_it(alice: Visit, bob: Visit) -> None:
    other = link(alice).split("?")[0] + "?" + link(bob).split("?")[1]
    assert bob.client.post(other).status_code == 404


def test_a_visit_that_is_not_there_is_not_found(client: Client, db: None) -> None:
    assert client.get(f"/withdraw/{uuid.uuid4()}?key=x").status_code == 404


def test_pages_after_consent_lead_to_it(alice: Visit) -> None:
    AnnotationSession.objects.update(stage=Stage.CHECK)
    assert one(alice.client.get("/visit/check"), "a[href='/visit/withdraw']")
