"""A page shows the newest stored analysis, says as of when it is, and has a newer one computed after a change."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.figures.drawn_figures import DrawnFigure, DrawnLayout, StoredFigures, figures_to_bytes
from annotations.analysis.tables.filled_tables import StudyTables, definitions
from annotations.log import events
from annotations.models import (
    BaseModel,
    Correction,
    JobState,
    Moderation,
    Study,
    StudyAnalysis,
    WorkerHeartbeat,
    event_kinds,
)
from annotations.monitoring.queue_health import ALIVE_WITHIN
from annotations.queue import jobs
from annotations.releases import moderation
from annotations.results import analysis_requests, latest_results
from annotations.results.latest_results import AGAIN_AFTER, latest
from annotations.results.study_analysis import Analysed
from annotations.results.study_fingerprint import state_of
from annotations.results.study_results import StoredResults, to_bytes
from annotations.visits import withdrawal
from tests.support.actors import Visit
from tests.support.analysis_studies import analyse, drawing
from tests.support.rows import add_phrase
from worker.results.study_analyses import analyse_due_studies

pytestmark = pytest.mark.usefixtures("stored_base_model")

LATER = dt.timedelta(minutes=4)


def close(study: Study) -> Study:
    """Time alone changes nothing of a closed study."""
    Study.objects.filter(pk=study.pk).update(state="closed", closed_at=timezone.now())
    study.refresh_from_db()
    return study


@pytest.fixture(autouse=True)
def _nothing_is_drawn() -> Iterator[None]:
    """`test_concepts` and `test_study_results` look at what is drawn."""
    with drawing(False):
        yield


@pytest.fixture
def closed(scripted: Study) -> Study:
    return close(scripted)


def test_what_is_read_is_what_was_computed(whole: Study) -> None:
    tables, concepts = Analysed(whole).tables, Analysed(whole).concepts
    read = StoredResults(to_bytes(tables, concepts, ["Near chance."]))
    assert (read.tables, read.concepts, read.doubts) == (tables, concepts, ["Near chance."])


def test_figures_are_stored_as_they_were_drawn_and_those_that_do_not_fit_are_left_out() -> None:
    small = DrawnFigure("<svg/>", {"wide": DrawnLayout("{}", "<svg/>")})
    large = replace(small, file="".join(f"{i}" for i in range(9_999)))
    stored = StoredFigures(figures_to_bytes({"first": small, "large": large, "last": small}, max_bytes=2_000))
    assert (stored.get("first"), stored.get("large"), stored.get("last")) == (small, None, small)


def test_a_correction_that_ends_makes_an_analysis_due(closed: Study, base_model: BaseModel) -> None:
    asked = Correction.objects.create(study=closed, base_model=base_model, requested_by="coordinator")
    before = state_of(closed)
    Correction.objects.filter(pk=asked.pk).update(state=JobState.FAILED, error="No memory.", finished_at=timezone.now())
    assert state_of(closed) != before


def test_every_table_is_stored_under_its_own_definition(whole: Study) -> None:
    for tables, of in ((Analysed(whole).tables, StudyTables), (Analysed(whole).concepts, ConceptTables)):
        assert list(definitions(of).values()) == [filled.table for filled in tables.all]


def test_the_first_look_asks_once_and_a_worker_answers(closed: Study) -> None:
    assert latest(closed).results is None and latest(closed).results is None
    assert StudyAnalysis.objects.filter(study=closed).count() == 1
    assert analyse_due_studies() == 1
    found = latest(closed)
    assert found.results is not None and found.is_current and found.made_at is not None
    assert found.results.tables == Analysed(closed).tables
    assert analyse_due_studies() == 0


def test_nothing_is_computed_for_a_study_that_nobody_looks_at(closed: Study) -> None:
    events.record(event_kinds.STUDY_PAUSED, closed)
    assert analyse_due_studies() == 0


def test_the_old_one_is_shown_while_a_newer_one_is_computed(closed: Study) -> None:
    latest(analyse(closed))
    events.record(event_kinds.STUDY_PAUSED, closed)
    with time_machine.travel(timezone.now() + LATER):
        old = latest(closed)
        assert old.results is not None and not old.is_current
        assert analyse_due_studies() == 1
        new = latest(closed)
    assert new.is_current and new.tag != old.tag
    assert StudyAnalysis.objects.filter(study=closed).count() == 1  # the old one is gone


def test_a_study_that_changes_all_the_time_is_left_alone_for_a_while(closed: Study) -> None:
    analyse(closed)
    events.record(event_kinds.STUDY_PAUSED, closed)
    assert not latest(closed).is_current
    assert analyse_due_studies() == 0


def test_a_failure_is_told_and_tried_again_later(closed: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    latest(closed)
    with monkeypatch.context() as broken:
        broken.setattr("worker.results.study_analyses.Analysed", lambda study: 1 / 0)
        analyse_due_studies()
    found = latest(closed)
    assert found.results is None and "ZeroDivisionError" in found.failure
    assert analyse_due_studies() == 0
    with time_machine.travel(timezone.now() + AGAIN_AFTER + LATER):
        latest(closed)
        assert analyse_due_studies() == 1
        assert latest(closed).failure == ""


def test_one_whose_worker_was_killed_is_taken_up_again(closed: Study) -> None:
    latest(closed)
    killed = jobs.claim(StudyAnalysis)
    assert killed is not None and analyse_due_studies() == 0  # it may be at work
    with time_machine.travel(timezone.now() + 2 * jobs.SILENT_FOR):
        assert analyse_due_studies() == 1
    with pytest.raises(jobs.JobLost):
        analysis_requests.store(killed, "", b"", b"")


def test_one_of_an_earlier_version_is_not_read(closed: Study) -> None:
    analyse(closed)
    StudyAnalysis.objects.update(code_version="0.0.1")
    assert latest(closed).results is None


def test_who_withdraws_is_in_no_stored_analysis(open_study: Study, alice: Visit) -> None:
    add_phrase(alice, "red", 0.5)
    latest(analyse(open_study))
    analysis_requests.ask(open_study, "")
    running = jobs.claim(StudyAnalysis)
    assert running is not None
    withdrawal.withdraw(alice.session)
    assert not StudyAnalysis.objects.exists()
    with pytest.raises(jobs.JobLost):  # nor does one come in that had read the person before
        analysis_requests.store(running, "", b"", b"")


def test_words_that_the_staff_hide_are_in_no_stored_analysis(open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "red", 0.5)
    analyse(open_study)
    moderation.moderate(phrase, Moderation.HIDDEN, by="coordinator", reason="names somebody")
    assert not StudyAnalysis.objects.exists()


def test_the_pages_say_as_of_when_they_are(closed: Study, coordinator_client: Client) -> None:
    address = f"/admin/annotations/study/{closed.pk}"
    for name in ("results", "concepts"):
        shown = coordinator_client.get(f"{address}/{name}/").content.decode()
        assert "The statistics of this study are being computed." in shown and 'data-poll="2"' in shown
    analyse_due_studies()
    for name in ("results", "concepts"):
        shown = coordinator_client.get(f"{address}/{name}/").content.decode()
        assert "As of " in shown and "Newer statistics are being computed" not in shown
    events.record(event_kinds.STUDY_PAUSED, closed)
    assert "Newer statistics are being computed" in coordinator_client.get(f"{address}/results/").content.decode()
    StudyAnalysis.objects.filter(study=closed).update(state=JobState.FAILED, error="No memory.")
    assert "could not be computed: No memory." in coordinator_client.get(f"{address}/results/").content.decode()


def test_the_pages_say_since_when_the_first_analysis_is_waited_for_and_what_it_waits_for(
    closed: Study, coordinator_client: Client
) -> None:
    def said() -> tuple[str, str]:
        page = coordinator_client.get(f"/admin/annotations/study/{closed.pk}/results/")
        return re.sub(r"\s+", " ", page.content.decode()), latest(closed).tag

    new, _ = said()
    asked_at = StudyAnalysis.objects.get().created_at
    assert f"requested at {asked_at:%H:%M:%S} UTC. They wait for a worker." in new  # one may be starting
    StudyAnalysis.objects.update(created_at=asked_at - ALIVE_WITHIN)
    nobody, tag = said()
    assert "<strong>No worker computes" in nobody
    now = timezone.now()
    WorkerHeartbeat.objects.create(queue="analysis", process="a 1", started_at=now, heartbeat_at=now)
    waiting, of_waiting = said()
    assert "They wait for a worker." in waiting and of_waiting != tag
    assert jobs.claim(StudyAnalysis) is not None
    assert "A worker is computing them." in said()[0]
    overview = coordinator_client.get(f"/admin/annotations/study/{closed.pk}/change/").content.decode()
    assert "A worker is computing them." in overview


def test_the_api_says_as_of_when_a_table_is_or_that_it_comes(closed: Study, coordinator_client: Client) -> None:
    address = f"/api/v1/studies/{closed.slug}/tables/estimates/"
    early = coordinator_client.get(address)
    assert (early.status_code, early.json()["error"]["code"]) == (409, "analysis_not_ready")
    analyse_due_studies()
    found = coordinator_client.get(address)
    assert found.status_code == 200 and found["Clarify-As-Of"].startswith("20")
    assert "Clarify-As-Of" not in coordinator_client.get(f"/api/v1/studies/{closed.slug}/tables/summary/")


def test_a_process_reads_an_analysis_once(closed: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    first = latest(analyse(closed)).results
    monkeypatch.setattr(latest_results, "StoredResults", None)
    assert latest(closed).results is first
