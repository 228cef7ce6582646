"""The moderation page: finding phrases and deciding on them."""

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.corrections.correction_candidates import approved
from annotations.models import Moderation, Phrase
from annotations.releases import moderated_phrases as reading
from annotations.releases import moderation
from annotations.studies import lifecycle
from annotations.visits import withdrawal
from clarify_errors.arrays.phrases.writing_traces import COUNTED
from tests.support.steps import submit_and_score


@pytest.fixture
def address(alice):
    return reverse("admin:annotations_study_moderation", args=[alice.session.study_id])


def test_phrases_that_nobody_looked_at_come_first(alice, address, coordinator_client):
    red, dark = submit_and_score(alice, "red", "dark")
    moderation.moderate(dark, Moderation.APPROVED, by="carol")
    page = coordinator_client.get(address).content.decode()
    assert f'value="{red.pk}"' in page and f'value="{dark.pk}"' not in page
    assert "Approved (1)" in page and "Not looked at (1)" in page


def test_a_decision_is_a_post_with_its_reason(alice, address, coordinator_client):
    (red,) = submit_and_score(alice, "red")
    coordinator_client.post(address, {"phrase": red.pk, "act": "exclude", "reason": "an insult"})
    red.refresh_from_db()
    assert (red.moderation, red.moderation_reason) == ("excluded", "an insult")


def test_a_hiding_without_a_reason_is_refused_in_a_sentence(alice, address, coordinator_client):
    (red,) = submit_and_score(alice, "red")
    answer = coordinator_client.post(address, {"phrase": red.pk, "act": "hide"}, follow=True)
    assert "Give a reason" in answer.content.decode()
    assert Phrase.objects.get(pk=red.pk).moderation == ""


def test_a_reason_and_enter_never_approve(alice, address, coordinator_client):
    """A browser sends a form with its first button when Enter is pressed in a field."""
    submit_and_score(alice, "red")
    page = BeautifulSoup(coordinator_client.get(address).content, "html.parser")
    (form,) = [reason.find_parent("form") for reason in page.select("input[name=reason]")]
    assert form.find("button")["value"] == "flag"
    assert [button["value"] for button in page.select(".moderation button")] == ["approve", "flag", "hide", "exclude"]


def test_all_shown_can_be_approved_at_once(alice, address, coordinator_client):
    red, _dark = submit_and_score(alice, "red", "dark")
    coordinator_client.post(address, {"phrase": [red.pk], "act": "approve_shown"})
    assert list(approved(alice.session.study)) == [red]


def test_a_decision_is_on_all_that_said_the_same_until_the_page_was_made(alice, bob, address, coordinator_client):
    (red,), (again,) = submit_and_score(alice, "red"), submit_and_score(bob, "Red")
    (form,) = BeautifulSoup(coordinator_client.get(address).content, "html.parser").select("form.within")
    assert [each["value"] for each in form.select("input[name=phrase]")] == [str(again.pk)]
    (later,) = submit_and_score(alice, "RED")
    coordinator_client.post(address, {"phrase": again.pk, "act": "approve"})
    assert list(approved(alice.session.study).order_by("pk")) == [red, again]
    coordinator_client.post(address, {"phrase": later.pk, "act": "exclude", "reason": "an insult"})
    assert list(approved(alice.session.study).order_by("pk")) == [red, again]  # they stand in another row


def test_a_decision_leaves_what_the_filter_of_the_page_left_out(alice, bob, address, coordinator_client):
    submit_and_score(alice, "red")
    (pasted,) = submit_and_score(bob, "red")
    Phrase.objects.filter(pk=pasted.pk).update(writing=dict.fromkeys(COUNTED, 0) | {"pastes": 1})
    assert "written: pasted" in coordinator_client.get(address).content.decode()
    coordinator_client.post(f"{address}?writing=pasted", {"phrase": pasted.pk, "act": "approve"})
    assert list(approved(alice.session.study)) == [pasted]


def test_what_many_say_is_counted_and_not_read(alice, address, coordinator_client):
    coordinator_client.get(address)  # what is loaded once is loaded now
    asked = []
    for n in (1, 15):
        submit_and_score(alice, *["red"] * n)
        with CaptureQueriesContext(connection) as queries:
            page = coordinator_client.get(address).content.decode()
        asked.append((len(queries), len(page.replace("×16", ""))))
    assert "×16" in page
    assert asked[0][0] == asked[1][0] and abs(asked[1][1] - asked[0][1]) < 200


@pytest.mark.parametrize(
    ("number", "shown", "place"),
    [
        ("", ["no red", "dark"], "1 of 3"),
        ("2", ["blue", "light"], "2 of 3"),
        ("3", ["red"], "3 of 3"),
        ("99", ["red"], "3 of 3"),
        ("0", ["no red", "dark"], "1 of 3"),
        ("²", ["no red", "dark"], "1 of 3"),
    ],
)
def test_texts_come_newest_first_and_a_number_outside_is_the_nearest_page(
    alice, address, coordinator_client, monkeypatch, number, shown, place
):
    monkeypatch.setattr(reading, "PER_PAGE", 2)
    for text in ("dark", "red", "light", "blue", "Dark ", "no red"):
        submit_and_score(alice, text)
    page = BeautifulSoup(coordinator_client.get(address, {"page": number}).content, "html.parser")
    assert [each.text.strip().lower() for each in page.select(".moderation th bdi")] == shown
    assert page.find("nav", {"aria-label": "Pages of phrases"}).span.text == f"Page {place}"


@pytest.mark.parametrize(
    "form", [{}, {"act": "approve"}, {"act": "x", "phrase": "1"}, {"act": "approve", "phrase": "²"}]
)
def test_a_broken_form_decides_nothing(alice, address, coordinator_client, form):
    submit_and_score(alice, "red")
    assert coordinator_client.post(address, form).status_code in {302, 404}
    assert set(Phrase.objects.values_list("moderation", flat=True)) == {""}


def test_a_phrase_of_another_study_is_not_found(alice, base_model, coordinator_client):
    (red,) = submit_and_score(alice, "red")
    task = {"base_model": base_model}
    other = lifecycle.create_study(slug="other", title="Other", completion_code="X", tasks=[task])
    address = reverse("admin:annotations_study_moderation", args=[other.pk])
    assert coordinator_client.post(address, {"phrase": red.pk, "act": "approve"}).status_code == 404


def test_words_find_their_phrases(alice, address, coordinator_client):
    submit_and_score(alice, "red", "dark")
    page = coordinator_client.get(address, {"q": "DAR", "state": "all"}).content.decode()
    assert "<bdi>dark</bdi>" in page and "<bdi>red</bdi>" not in page


def test_markup_in_a_phrase_is_shown_as_typed(alice, address, coordinator_client):
    submit_and_score(alice, "<b>red</b>")
    assert "<bdi>&lt;b&gt;red&lt;/b&gt;</bdi>" in coordinator_client.get(address).content.decode()


def test_what_somebody_wrote_who_withdrew_is_shown_and_decided_on_no_more(alice, address, coordinator_client):
    (red,) = submit_and_score(alice, "red")
    withdrawal.withdraw(alice.session)
    assert "<bdi>red</bdi>" not in coordinator_client.get(address, {"state": "all"}).content.decode()
    assert coordinator_client.post(address, {"phrase": red.pk, "act": "approve"}).status_code == 404
