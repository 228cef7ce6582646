"""A worker sends simulated participants through a draft, over HTTP, and says what became of each."""

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from annotations.base.service_errors import StudyNotReady
from annotations.models import AnnotationSession, JobState, Phrase, Rehearsal, SessionKind, Study, StudyState
from annotations.simulation import visitor
from annotations.simulation.personas import Kind
from annotations.studies import lifecycle
from annotations.studies.rehearsal_requests import request_rehearsal
from worker import rehearsals
from worker.rehearsals import parts, run_due_rehearsals


@pytest.fixture
def draft(live_server: LiveServer, draft_study: Study, settings: Any) -> Study:
    """A draft whose pages answer."""
    settings.REHEARSAL_URL = live_server.url
    return draft_study


def play(study: Study, n_people: int) -> Rehearsal:
    rehearsal = request_rehearsal(study, n_people, by="coordinator")
    while run_due_rehearsals():
        pass
    rehearsal.refresh_from_db()
    return rehearsal


@pytest.mark.services  # a whole study, by five people
def test_a_green_rehearsal_of_a_draft_opens_it_and_counts_nobody(draft: Study, scoring: None) -> None:
    rehearsal = play(draft, 5)
    assert (rehearsal.state, rehearsal.error) == (JobState.DONE, "")
    people = rehearsal.report["people"]
    assert [person["name"] for person in people] == [*(f"diligent-{i}" for i in range(4)), "groper-4"]
    assert {person["outcome"] for person in people} == {"completed"}
    assert rehearsal.n_done == 5
    assert set(AnnotationSession.objects.values_list("kind", flat=True)) == {SessionKind.SIMULATED}
    assert not AnnotationSession.objects.counted().exists()
    assert lifecycle.open_study(draft, by="coordinator").state == StudyState.ACTIVE


def test_people_come_a_few_at_a_time(draft: Study, scoring: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsals, "AT_ONCE", 2)
    rehearsal = request_rehearsal(draft, 3, by="coordinator")
    assert run_due_rehearsals() == 1
    rehearsal.refresh_from_db()
    assert (rehearsal.state, rehearsal.n_done, rehearsal.n_total) == (JobState.PENDING, 2, 3)
    assert run_due_rehearsals() == 1
    assert run_due_rehearsals() == 0


@pytest.mark.services  # six phrases, each scored before the next
def test_everybody_says_enough_for_the_least_number_of_phrases(draft: Study, scoring: None) -> None:
    draft.tasks.update(min_phrases=6)
    assert play(draft, 1).state == JobState.DONE
    assert Phrase.objects.filter(assignment__session__kind=SessionKind.SIMULATED).count() >= 6


def test_without_a_scoring_worker_it_is_red_and_stops_early(draft: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "SCORE_WITHIN_S", 0.3)
    monkeypatch.setattr(rehearsals, "SCORED_WITHIN_S", 0.0)
    rehearsal = play(draft, 8)
    assert (rehearsal.state, rehearsal.n_done) == (JobState.FAILED, 4)
    assert "diligent-0: a phrase had no score after 0.3 s" in rehearsal.error
    with pytest.raises(StudyNotReady, match="rehearsal failed"):
        lifecycle.open_study(draft, by="coordinator")


def test_a_site_that_does_not_answer_is_told(draft: Study, settings: Any) -> None:
    settings.REHEARSAL_URL = "http://127.0.0.1:9"
    rehearsal = play(draft, 1)
    assert rehearsal.state == JobState.FAILED
    assert "refused" in rehearsal.error


@pytest.mark.parametrize(("check", "completes"), [(True, False), (False, True)])
def test_who_fails_the_check_completes_only_where_there_is_none(
    draft_study: Study, check: bool, completes: bool
) -> None:
    draft_study.comprehension_check = check
    draft_study.save()
    people = parts(request_rehearsal(draft_study, 13, by="coordinator"))
    assert [part.completes for part in people if part.persona.kind is Kind.CHECK_FAILER] == [completes]
    assert [part.completes for part in people if part.persona.kind is Kind.DROPOUT] == [False]
