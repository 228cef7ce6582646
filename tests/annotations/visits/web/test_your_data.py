"""GET /your-visit/…/data: a person's copy of what is stored of their visit."""

import json
from typing import Any

import pytest
from django.test import Client

from annotations.models import AnnotationSession, CheckAttempt, Condition, Moderation, Phrase, Study
from annotations.releases.moderation import moderate
from tests.annotations.visits.web.test_word_effects import finish, return_url
from tests.support.actors import Visit
from tests.support.steps import submit_and_score
from tests.support.views_pages import one
from worker.runs.run_training import train_due_runs


@pytest.fixture
def finished(alice: Visit, bob: Visit) -> Visit:
    """Alice at the code, while Bob works in the same study."""
    submit_and_score(bob, "striped")
    return finish(alice, "red", "blue")


def copy_of(visit: Visit) -> dict[str, Any]:
    response = Client().get(return_url(visit).replace("?", "/data?"))
    assert response["Content-Disposition"] == 'attachment; filename="your-data.json"'
    content: dict[str, Any] = json.loads(response.content)
    return content


def test_it_has_the_words_with_their_scores_times_and_retrainings(finished: Visit) -> None:
    train_due_runs()
    copy = copy_of(finished)
    assert [phrase["text"] for phrase in copy["phrase"]] == ["red", "blue"]
    assert [phrase["submitted_at"] is not None for phrase in copy["phrase"]] == [True, True]
    values = list(Phrase.objects.filter(assignment__session=finished.session).values_list("score__value", flat=True))
    assert sorted(score["value"] for score in copy["score"]) == sorted(values)
    assert {run["phrase_text"] for run in copy["run"]} == {"red", "blue"}
    assert copy["consent_text"] and copy["consent"][0]["agreed"] is True
    assert "session_finished" in [step["kind"] for step in copy["what_happened"]]


def test_it_says_what_is_not_in_it(finished: Visit) -> None:
    assert "Words of other people." in copy_of(finished)["not_here"]


def test_it_has_no_check_answers_condition_goal_or_words_of_others(finished: Visit) -> None:
    condition = Condition.objects.create(study=Study.objects.get(), name="the secret arm", position=7)
    session = finished.session
    AnnotationSession.objects.filter(pk=session.pk).update(condition=condition)
    assert CheckAttempt.objects.filter(session=session).exists()
    moderate(Phrase.objects.get(text="red"), Moderation.FLAGGED, by="coordinator", reason="what the staff think of it")
    copy = copy_of(finished)
    text = json.dumps(copy)
    for secret in ("the secret arm", "n_wrong", "check_attempt", "striped", "what the staff think of it"):
        assert secret not in text
    assert not {"condition", "order", "seed"} & copy["session"][0].keys()
    assert not {"goal", "goal_shown", "level_shown", "rewordings"} & copy["score"][0].keys()
    assert {"public_id", "consented_at", "ended_at"} <= copy["session"][0].keys(), "what is left out is a choice"


def test_it_has_no_id_from_outside(finished: Visit) -> None:
    text = json.dumps(copy_of(finished))
    for outside in finished.external_ids.values():
        assert outside not in text


def test_the_last_page_gives_it_too(finished: Visit) -> None:
    link = one(finished.client.get("/visit/end"), "#your-data")["href"]
    assert json.loads(finished.client.get(str(link)).content)["phrase"]
