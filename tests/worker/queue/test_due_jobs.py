"""Due jobs: what goes wrong with one ends that one with a sentence, and the next is worked on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from annotations.models import (
    BaseModel,
    Benchmark,
    Correction,
    Dataset,
    DatasetImport,
    ImageIndex,
    ImageSearch,
    JobState,
    Rehearsal,
    Release,
    Study,
    StudyAnalysis,
)
from annotations.models.jobs import Job
from annotations.queue import jobs
from clarify_errors.arrays.common.modeling_errors import BadArray
from tests.support.actors import create_study
from worker import corrections, rehearsals
from worker.benchmarks import requested_benchmarks
from worker.datasets import imports, index_builds
from worker.queue.due_jobs import work_on_due
from worker.releases import release_building
from worker.results import study_analyses
from worker.tasks import analysis, embed, outside, retrain

SENTENCE = "An unexpected error occurred (ZeroDivisionError: the machine’s fault)."


@dataclass(frozen=True)
class Kind:
    """A kind of job: a row of it, the step within its work that shall go wrong, and the task that works on it."""

    make: Callable[[BaseModel, Study], Job]
    module: Any
    step: str
    task: Callable[[], None]


def an_import(base_model: BaseModel, study: Study) -> Job:
    return DatasetImport.objects.create(name="birds", folder="birds", source_format="csv", requested_by="ada")


def a_release(base_model: BaseModel, study: Study) -> Job:
    return Release.objects.create(study=study, number=study.releases.count() + 1, requested_by="ada")


def a_correction(base_model: BaseModel, study: Study) -> Job:
    return Correction.objects.create(study=study, base_model=base_model, requested_by="ada")


def a_benchmark(base_model: BaseModel, study: Study) -> Job:
    if base_model.benchmarks.exists():  # a base model has one at a time
        base_model = BaseModel.objects.get(pk=base_model.pk)
        base_model.pk, base_model.name = None, "another"
        base_model.save()
    return Benchmark.objects.create(base_model=base_model, methods=["erm"], requested_by="ada")


def a_rehearsal(base_model: BaseModel, study: Study) -> Job:
    return Rehearsal.objects.create(study=study, n_people=1, seed=0, requested_by="ada")


def an_analysis(base_model: BaseModel, study: Study) -> Job:
    if study.analyses.exists():  # a study has one at a time
        study = create_study(base_model, "another")
    return StudyAnalysis.objects.create(study=study, requested_by="ada")


def an_index(base_model: BaseModel, study: Study) -> Job:
    dataset = base_model.dataset
    if ImageIndex.objects.filter(dataset=dataset).exists():  # a data set has one at a time
        dataset = Dataset.objects.get(pk=dataset.pk)
        dataset.pk, dataset.version, dataset.digest = None, 2, "another"
        dataset.save()
    return ImageIndex.objects.create(dataset=dataset, requested_by="ada")


def a_search(base_model: BaseModel, study: Study) -> Job:
    ImageIndex.objects.create(
        dataset=base_model.dataset,
        state="done",
        finished_at=timezone.now(),
        directory="x",
        kind="flat",
        duplicate_threshold=0.9,
    )
    return ImageSearch.objects.create(dataset=base_model.dataset, words="red", requested_by="ada")


KINDS = {
    "index": Kind(an_index, index_builds, "build_index", embed.build_image_indexes),
    "search": Kind(a_search, index_builds, "open_index_of", embed.search_images),
    "analysis": Kind(an_analysis, study_analyses, "Analysed", analysis.analyse_studies),
    "import": Kind(an_import, imports, "import_folder", embed.import_datasets),
    "release": Kind(a_release, release_building, "write_study_zip", embed.build_releases),
    "correction": Kind(a_correction, corrections, "train", retrain.train_corrections),
    "benchmark": Kind(a_benchmark, requested_benchmarks, "run_benchmark", retrain.benchmark_baselines),
    "rehearsal": Kind(a_rehearsal, rehearsals, "parts", outside.run_rehearsals),
}
of_each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def choke(*args: object, **options: object) -> None:
    raise ZeroDivisionError("the machine’s fault")


@pytest.fixture
def study(open_study: Study, settings: Any, tmp_path: Any) -> Study:
    settings.IMPORT_ROOT = tmp_path
    (tmp_path / "birds").mkdir()
    return open_study


@of_each_kind
def test_what_nobody_foresaw_ends_the_job_in_a_sentence_and_the_log_has_where(
    kind: Kind, base_model: BaseModel, study: Study, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job, following = kind.make(base_model, study), kind.make(base_model, study)
    monkeypatch.setattr(kind.module, kind.step, choke)
    kind.task()
    kind.task()  # of some kinds one a turn
    for each in (job, following):
        each.refresh_from_db()
        assert (each.state, each.error, each.attempts) == (JobState.FAILED, SENTENCE, 1)
    assert caplog.text.count("Traceback (most recent call last)") == 2
    assert "in choke" in caplog.text


@of_each_kind
def test_a_job_that_is_lost_while_it_fails_is_left_to_who_has_it(
    kind: Kind, base_model: BaseModel, study: Study, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = kind.make(base_model, study)

    def lose_and_choke(*args: object, **options: object) -> None:
        type(job)._default_manager.update(attempts=9)
        choke()

    monkeypatch.setattr(kind.module, kind.step, lose_and_choke)
    kind.task()
    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == (JobState.RUNNING, "", 9)
    assert "was claimed by another worker" in caplog.text


@pytest.mark.django_db
class TestWorkOnDue:
    @pytest.fixture
    def three(self) -> list[DatasetImport]:
        make = DatasetImport.objects.create
        return [make(name=name, folder=name, requested_by="ada") for name in ("birds", "cats", "dogs")]

    def states(self) -> list[str]:
        return list(DatasetImport.objects.order_by("pk").values_list("state", flat=True))

    def test_the_jobs_after_one_that_went_wrong_are_done(self, three: list[DatasetImport]) -> None:
        def work(job: DatasetImport) -> None:
            if job == three[0]:
                choke()
            jobs.finish(job)

        assert work_on_due(DatasetImport, work) == 3
        assert self.states() == [JobState.FAILED, JobState.DONE, JobState.DONE]
        assert work_on_due(DatasetImport, work) == 0

    def test_no_more_are_taken_up_than_were_asked_for(self, three: list[DatasetImport]) -> None:
        assert work_on_due(DatasetImport, jobs.finish, most=2) == 2
        assert self.states() == [JobState.DONE, JobState.DONE, JobState.PENDING]

    def test_trouble_of_the_database_is_no_jobs_fault(self, three: list[DatasetImport]) -> None:
        def work(job: DatasetImport) -> None:
            raise OperationalError("the connection is gone")

        with pytest.raises(OperationalError):
            work_on_due(DatasetImport, work)
        assert self.states() == [JobState.RUNNING, JobState.PENDING, JobState.PENDING]

    def test_what_modeling_refuses_is_said_in_its_words_without_a_traceback(
        self, three: list[DatasetImport], caplog: pytest.LogCaptureFixture
    ) -> None:
        def work(job: DatasetImport) -> None:
            raise BadArray("there are no images")

        work_on_due(DatasetImport, work, most=1)
        three[0].refresh_from_db()
        assert three[0].error == "there are no images"
        assert "Traceback" not in caplog.text

    @pytest.mark.parametrize(
        ("said", "stored"), [("nul\0", r"nul\x00"), ("bird\udcff.png", r"bird\udcff.png")], ids=["NUL", "no UTF-8"]
    )
    def test_words_that_the_database_refuses_are_written_out(
        self, three: list[DatasetImport], said: str, stored: str
    ) -> None:
        def work(job: DatasetImport) -> None:
            raise BadArray(said)

        work_on_due(DatasetImport, work, most=1)
        three[0].refresh_from_db()
        assert three[0].error == stored

    def test_what_nobody_foresaw_after_a_job_has_ended_changes_nothing_and_is_in_the_log(
        self, three: list[DatasetImport], caplog: pytest.LogCaptureFixture
    ) -> None:
        def work(job: DatasetImport) -> None:
            jobs.finish(job)
            choke()

        assert work_on_due(DatasetImport, work) == 3
        assert self.states() == [JobState.DONE] * 3
        assert caplog.text.count("in choke") == 3
