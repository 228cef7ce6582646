"""The demo asks the database what is done, and does the rest."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotations.models import (
    BaseModel,
    Benchmark,
    JobState,
    Phrase,
    PhraseState,
    Rehearsal,
    Review,
    Run,
    RunState,
    SessionKind,
    Study,
    StudyState,
)
from annotations.queue import jobs
from annotations.results import benchmark_requests
from annotations.studies.study_progress import SENT
from deploy.local import job
from deploy.local.processes import CannotRun
from tests.support import actors
from tests.support.steps import end, submit_and_score
from worker.corrections import train_due_corrections
from worker.runs.run_training import train_due_runs


@pytest.fixture(autouse=True)
def _the_small_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "DATASET", "sprites-like")
    monkeypatch.setattr(job, "BASE_MODEL", "by colour")


@pytest.fixture
def demo_study(base_model: BaseModel) -> Study:
    """The demo's study, open as after its rehearsal."""
    return actors.open_study(job.the_study())


@pytest.mark.django_db
def test_nothing_is_there_at_first() -> None:
    assert not job.has_data_set()
    assert not job.has_base_model()


def test_what_is_there_is_not_made_again(base_model: BaseModel) -> None:
    assert job.has_data_set()
    assert job.has_base_model()
    assert job.the_study() == job.the_study()
    assert Study.objects.count() == 1


def test_the_study_is_a_draft_that_sends_nobody_to_another_site(base_model: BaseModel) -> None:
    study = job.the_study()
    assert (study.state, study.completion_url) == (StudyState.DRAFT, "")
    assert not job.is_open(study)


def test_a_green_rehearsal_opens_it(base_model: BaseModel) -> None:
    study = job.the_study()
    steps = job.rehearse(study)
    assert next(steps) == (0, 4)
    taken = jobs.claim(Rehearsal)
    assert taken is not None
    jobs.finish(taken)
    assert list(steps) == []
    assert job.is_open(study)
    assert not job.is_crowd_complete(study)


def test_a_red_rehearsal_fails_the_stage_and_opens_nothing(base_model: BaseModel) -> None:
    study = job.the_study()
    steps = job.rehearse(study)
    next(steps)
    taken = jobs.claim(Rehearsal)
    assert taken is not None
    jobs.fail(taken, "diligent-0: it broke off.")
    with pytest.raises(CannotRun, match="failed: diligent-0"):
        list(steps)
    study.refresh_from_db()
    assert study.state == StudyState.DRAFT


def test_a_rehearsal_that_a_stopped_demo_left_is_taken_over(base_model: BaseModel) -> None:
    study = job.the_study()
    next(job.rehearse(study))
    next(job.rehearse(study))
    assert Rehearsal.objects.count() == 1


@pytest.mark.django_db
def test_the_coordinator_signs_in_with_the_password_of_the_file() -> None:
    for password in ("the first password", "another, since the file was lost"):
        job.ensure_coordinator(password)
        assert User.objects.get(username=job.COORDINATOR).check_password(password)


def test_the_link_is_for_somebody_who_has_not_been_here(demo_study: Study) -> None:
    first = job.link_for_one_more(demo_study)
    actors.start_visit(demo_study, "alice")
    assert job.link_for_one_more(demo_study) != first


def test_the_work_left_ends_when_all_is_scored_and_retrained(demo_study: Study) -> None:
    visit = actors.start_visit(demo_study, "alice")
    submit_and_score(visit, "red", "blue")
    end(visit)
    left = job.work_left(demo_study)
    assert next(left) == (3, 4)
    train_due_runs()
    assert list(left) == [(4, 4)]


def test_a_phrase_that_failed_fails_the_stage(demo_study: Study) -> None:
    visit = actors.start_visit(demo_study, "alice")
    (phrase,) = submit_and_score(visit, "red")
    Phrase.objects.filter(pk=phrase.pk).update(state=PhraseState.FAILED, last_error="the encoder is on fire")
    with pytest.raises(CannotRun, match="the encoder is on fire"):
        list(job.work_left(demo_study))


def test_work_that_is_not_done_in_time_fails_the_stage(demo_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "DONE_WITHIN_S", 0.3)
    visit = actors.start_visit(demo_study, "alice")
    submit_and_score(visit, "red")
    end(visit)
    with pytest.raises(CannotRun, match="1 phrases and runs are not done"):
        list(job.work_left(demo_study))


def test_the_results_stand_beside_the_base_model(demo_study: Study) -> None:
    visit = actors.start_visit(demo_study, "alice")
    submit_and_score(visit, "red", "blue")
    end(visit)
    train_due_runs()
    text = "\n".join(job.results(demo_study))
    assert "1 participants on the task, 2 phrases\n" in text
    assert "worst group accuracy, base model                    0.250\n" in text
    assert "best error score, with score                        0.867 on average (max 0.867, n = 1)\n" in text
    gain = Run.objects.get(state=RunState.DONE).own_gain
    assert f"own gain, allocated                                 {gain:.3f} on average" in text


def test_results_without_any_phrase_are_of_the_base_model_alone(demo_study: Study) -> None:
    assert "on average" not in "\n".join(job.results(demo_study))


@pytest.mark.django_db(transaction=True)
def test_the_export_is_a_whole_zip(demo_study: Study, tmp_path: Path, capsys: Any) -> None:
    with ZipFile(job.export(tmp_path)) as archive:
        assert archive.testzip() is None
        assert "summary.csv" in archive.namelist()
    assert capsys.readouterr().out == ""


def test_an_expert_says_something_of_the_same_class_once(demo_study: Study, coordinator: User) -> None:
    job.send_expert(demo_study)
    job.send_expert(demo_study)
    experts = Study.objects.get(slug=job.EXPERTS_SLUG)
    assert experts.tasks.get().target_class == demo_study.tasks.get().target_class
    said = Phrase.objects.filter(assignment__session__study=experts)
    assert tuple(said.order_by("pk").values_list("text", flat=True)) == job.EXPERTS_PHRASES
    assert experts.sessions.get().kind == SessionKind.EXPERT
    assert experts.audit_records.filter(act=SENT).count() == 1
    assert next(job.work_left(demo_study)) == (0, len(job.EXPERTS_PHRASES))


def test_baselines_are_measured_and_the_best_phrase_corrects_the_base_model(demo_study: Study) -> None:
    submit_and_score(actors.start_visit(demo_study, "alice"), "blue", "red")
    steps = job.measure_and_correct(demo_study)
    assert next(steps) == (0, len(benchmark_requests.METHODS))
    Benchmark.objects.update(state=JobState.DONE, finished_at=timezone.now())
    assert next(steps)[0] == 0
    train_due_corrections()
    assert list(steps) == []
    correction = demo_study.corrections.get()
    assert correction.parts.get().score.phrase.text == "red"
    assert correction.review == Review.APPROVED
    assert list(job.measure_and_correct(demo_study)) == []


def test_a_baseline_that_failed_fails_the_stage(demo_study: Study) -> None:
    steps = job.measure_and_correct(demo_study)
    next(steps)
    Benchmark.objects.update(state=JobState.FAILED, finished_at=timezone.now(), error="no features")
    with pytest.raises(CannotRun, match="no features"):
        next(steps)
