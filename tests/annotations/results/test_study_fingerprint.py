"""What counts as a change of what a study's analysis stands on."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from annotations.analysis.observations.person_tasks import Tried
from annotations.log import audit, events
from annotations.models import (
    Audience,
    BaseModel,
    Benchmark,
    JobState,
    Moderation,
    RandomSlices,
    RandomSliceScores,
    Run,
    SessionKind,
    Study,
    VocabularyLevel,
    event_kinds,
)
from annotations.releases import moderation
from annotations.results.study_fingerprint import state_of
from tests.support.actors import SQUARE, Visit
from tests.support.analysis_studies import store_ranking, tell, two_tasks
from tests.support.rows import add_phrase
from tests.support.scripted import scripted_phrases


@pytest.fixture
def closed(base_model: BaseModel) -> Study:
    """A study in which time alone changes nothing."""
    study = two_tasks(base_model)
    tell(study, scripted_phrases())
    Study.objects.filter(pk=study.pk).update(state="closed", closed_at=timezone.now())
    study.refresh_from_db()
    return study


def test_nothing_that_happens_is_nothing_new(closed: Study) -> None:
    assert state_of(closed) == state_of(closed)


def test_an_event_is_news_to_its_study_and_to_no_other(closed: Study, draft_study: Study) -> None:
    before = state_of(closed), state_of(draft_study)
    events.record(event_kinds.STUDY_PAUSED, closed)
    assert state_of(closed) != before[0]
    assert state_of(draft_study) == before[1]


def test_an_act_of_the_staff_is_news(closed: Study) -> None:
    before = state_of(closed)
    audit.record("look", closed, by="coordinator")
    assert state_of(closed) != before


def test_time_is_news_while_people_are_at_work_and_once_after_that(open_study: Study, alice: Visit) -> None:
    began = timezone.now()

    def state(minutes: float) -> str:
        with time_machine.travel(began + dt.timedelta(minutes=minutes), tick=False):
            return state_of(open_study)

    assert state(0) == state(60)
    events.record(event_kinds.SPANS_REPORTED, alice.session)
    assert state(1) != state(6) == state(60)


def test_a_decision_on_a_phrase_is_news(open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "red", 0.5)
    before = state_of(open_study)
    moderation.moderate(phrase, Moderation.EXCLUDED, by="coordinator", reason="rude")
    assert state_of(open_study) != before


def test_a_level_of_common_words_is_news_to_studies_of_its_base_model(closed: Study, base_model: BaseModel) -> None:
    before = state_of(closed)
    VocabularyLevel.objects.create(
        base_model=base_model, target_class=SQUARE, text_template="{phrase}", n_correct=9, n_error=9, scores=b"",
        negated_scores=b"", code_version="",
    )  # fmt: skip
    assert state_of(closed) != before


def test_random_slices_are_news_when_they_are_scored_and_when_a_run_gets_them(
    closed: Study, base_model: BaseModel
) -> None:
    states = [state_of(closed)]
    of_class = {"dataset": base_model.dataset, "l2": base_model.l2, "target_class": SQUARE, "code_version": ""}
    draws = RandomSlices.objects.create(**of_class, n_above=9, seed=1, worst_groups=[0.5])
    RandomSliceScores.objects.create(random_slices=draws, base_model=base_model, values=[0.5], code_version="")
    states.append(state_of(closed))
    Run.objects.update(random_slices=draws)
    states.append(state_of(closed))
    assert len(set(states)) == 3


def test_a_method_more_of_a_benchmark_is_news(closed: Study, base_model: BaseModel) -> None:
    benchmark = Benchmark.objects.create(base_model=base_model, methods=["erm", "dfr"], requested_by="coordinator")
    before = state_of(closed)
    Benchmark.objects.filter(pk=benchmark.pk).update(n_done=1, state=JobState.RUNNING)
    assert state_of(closed) != before


def test_a_ranking_of_keywords_is_news_each_time(closed: Study, base_model: BaseModel) -> None:
    states = [state_of(closed)]
    for _ in range(2):
        store_ranking(base_model, SQUARE, "red")
        states.append(state_of(closed))
    assert len(set(states)) == 3


def test_what_experts_do_with_the_same_base_model_is_news(closed: Study, base_model: BaseModel) -> None:
    experts = two_tasks(base_model, "experts", audience=Audience.EXPERTS)
    tell(experts, [Tried(1, "prof", "forest", 0.54, 0.7, 15, 9, 1)], SessionKind.EXPERT)
    before = state_of(closed)
    events.record(event_kinds.STUDY_PAUSED, experts)
    assert state_of(closed) != before
