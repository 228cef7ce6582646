"""How words come into the field is counted where the consent says so, and changes nothing."""

import json
import uuid
from itertools import product

import pytest

from annotations.models import Event, Phrase, Study, StudyConfiguration
from annotations.phrases.writing_flags import flags_of, people_by_words
from annotations.releases import moderated_phrases as moderation
from clarify_errors.arrays.phrases.writing_traces import FLAGS
from tests.support.actors import Visit, start_visit
from tests.support.steps import submit_and_score
from tests.support.views_pages import one, say, task_url
from worker.phrases.scoring import score_due_phrases

TYPED = {"first_ms": 900, "edits": 14, "gap_ms": 150, "pastes": 0, "left": 0}
PASTED = {"first_ms": 4000, "edits": 1, "gap_ms": 0, "pastes": 1, "left": 1}


def _say(visit: Visit, text: str, writing: str) -> Phrase:
    said = uuid.uuid4()
    form = {"client_uuid": str(said), "text": text, "writing": writing}
    assert visit.client.post(task_url(visit, "phrases"), form).status_code == 303
    return Phrase.objects.get(client_uuid=said)


def _store(visit: Visit, text: str, writing: dict[str, int] | None) -> None:
    (phrase,) = submit_and_score(visit, text)
    Phrase.objects.filter(pk=phrase.pk).update(writing=writing)


def test_it_is_stored_with_the_phrase_and_in_the_log(alice: Visit) -> None:
    assert _say(alice, "red shapes", json.dumps(TYPED)).writing == TYPED
    (logged,) = Event.objects.get(kind="phrase_submitted").payload["changed_rows"]["phrase"].values()
    assert logged["writing"] == TYPED


@pytest.mark.parametrize(
    "writing",
    [
        "",
        "null",
        "{",
        "[" * 50_000,
        json.dumps({**TYPED, "keys": "secret"}),
        json.dumps({**TYPED, "edits": -1}),
        json.dumps({**TYPED, "edits": 10**12}),
        json.dumps({**TYPED, "edits": True}),
        json.dumps({**TYPED, "edits": "3"}),
    ],
)
def test_what_cannot_be_read_refuses_no_phrase(alice: Visit, writing: str) -> None:
    assert _say(alice, "red shapes", writing).writing is None


def test_without_a_word_of_it_in_the_consent_the_page_counts_nothing(alice: Visit) -> None:
    assert one(alice.client.get(task_url(alice)), "form#phrase").has_attr("data-counts-writing")
    for configuration in StudyConfiguration.objects.all():
        configuration.data["study"]["consent_text"] = "We keep your words. Do you agree?"
        configuration.save()
    assert not one(alice.client.get(task_url(alice)), "form#phrase").has_attr("data-counts-writing")


def test_one_translation_without_it_is_enough_for_nothing(alice: Visit) -> None:
    for configuration in StudyConfiguration.objects.all():
        configuration.data["study"]["translations"] = {"de": {"consent_text": "Ja?"}}
        configuration.save()
    assert not one(alice.client.get(task_url(alice)), "form#phrase").has_attr("data-counts-writing")


def test_a_flagged_phrase_is_scored_and_answered_as_any_other(alice: Visit, bob: Visit) -> None:
    typed, pasted = _say(alice, "red shapes", json.dumps(TYPED)), _say(bob, "red shapes", json.dumps(PASTED))
    score_due_phrases()
    typed.refresh_from_db()
    pasted.refresh_from_db()
    assert typed.score.value == pasted.score.value
    assert (pasted.moderation, pasted.state, pasted.assignment.state) == ("", "scored", typed.assignment.state)


def test_the_moderation_page_can_be_filtered_and_says_what_it_is_not(
    alice: Visit, bob: Visit, open_study: Study, admin_client
) -> None:
    _say(alice, "red shapes there", json.dumps(TYPED))
    _say(bob, "red shapes here", json.dumps(PASTED))
    for flag, words in (("pasted", ["red shapes here"]), ("left", ["red shapes here"]), ("repeated", [])):
        assert [each.text for each in moderation.phrases_to_moderate(open_study, state="all", flag=flag)] == words
    page = admin_client.get(f"/admin/annotations/study/{open_study.pk}/moderation/?state=all&writing=pasted")
    text = page.content.decode()
    assert "How it was written: pasted or dropped, 12 characters or more at once, page left while writing" in text
    assert "not a sign of bad faith" in text
    assert "red shapes there" not in text


@pytest.mark.parametrize("flag", FLAGS)
def test_a_filter_finds_what_is_flagged_so(flag: str, alice: Visit, bob: Visit, open_study: Study) -> None:
    traces = (PASTED, {**TYPED, "edits": 2}, {**TYPED, "edits": 3}, {**TYPED, "left": 2}, None)
    for text, writing in product(("twelve chars", "eleven char"), traces):
        _store(alice, text, writing)
    for visit in (alice, bob, start_visit(open_study, "carol")):
        _store(visit, "a red square", TYPED)
        _store(visit, "red", None)
    _store(alice, "a blue square", None)
    _store(bob, "a blue square", None)
    phrases, people = moderation.phrases_to_moderate(open_study, state="all"), people_by_words(open_study)
    flagged = [phrase for phrase in phrases if flag in flags_of(phrase, people)]
    assert 0 < len(flagged) < len(phrases)
    assert list(moderation.phrases_to_moderate(open_study, state="all", flag=flag)) == flagged


def test_what_several_say_is_repeated(alice: Visit, bob: Visit, open_study: Study) -> None:
    say(alice, "a red square")
    say(bob, "a red square")
    people = people_by_words(open_study)
    assert [n for _words, n in people.items()] == [2]
