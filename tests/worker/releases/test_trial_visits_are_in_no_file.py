"""What previews and simulated people said is in no file that a worker makes, though it was approved and worked with."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User

from annotations.analysis.figures.drawn_figures import StoredFigures
from annotations.models import (
    AnnotationSession,
    Correction,
    EndReason,
    Gathering,
    GatheringPart,
    JobState,
    Phrase,
    Pool,
    Study,
    StudyAnalysis,
)
from annotations.models.jobs import Job
from annotations.phrases import assignments
from annotations.visits import preview_links, sessions
from tests.support.actors import (
    BLUE,
    OVAL,
    RED,
    SQUARE,
    Visit,
    client_of,
    do_tutorial,
    pass_check,
    store_base_model,
    store_dataset,
)
from tests.support.analysis_studies import analyse
from tests.support.correcting import approve, say, study_of_both
from tests.support.own_database import Committed
from tests.support.steps import submit_and_score
from tests.worker.pools.conftest import draw, imported, review, train, truth
from tests.worker.releases.released import build, opened
from worker.corrections import train_due_corrections
from worker.results.figures import rendering
from worker.runs.run_training import train_due_runs
from worker.tasks.embed import gather_images

WORDS = {SQUARE: "qwertzuiop red", OVAL: "qwertzuiop blue"}  # what they select is what real people found
PLANTED = "qwertzuiop"
LEDGER = "exclusions."  # names what was left out, by pseudonyms alone
POOL = [(SQUARE, RED), (SQUARE, BLUE), (OVAL, RED), (OVAL, BLUE)] * 8


@dataclass(frozen=True)
class Made:
    """read: what stands in each file, by its name; names: how trial visits are known; jobs: of a person's words."""

    read: dict[str, str]
    names: list[str]
    jobs: dict[str, int]


@pytest.fixture(scope="module")
def made(committed: Committed, sprites_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    with committed(), pytest.MonkeyPatch.context() as patched:
        study = study_of_both(store_base_model(store_dataset(sprites_directory)))
        phrases = say(study, "alice")
        trials = [*_trial(study, _preview(study)), *_trial(study, _simulated(study))]
        approve(*phrases, *trials)
        train_due_runs()
        folder = tmp_path_factory.mktemp("pool")
        draw(folder, POOL, seed=7)
        pool = imported(folder)
        of_person, _ = (_work(study, pool, folder, of) for of in (phrases, trials))
        patched.setattr(rendering, "png_of", lambda drawn: b"")  # no words can be read there, and it takes seconds
        patched.setattr(rendering, "draw_panels", lambda panels, directory: None)
        analyse(study, draws="concept")  # the others are drawn in the release
        read = dict(_of_archive(opened(build(study)))) | dict(_of_analysis(study))
        return Made(read, _names(), of_person)


def _preview(study: Study) -> str:
    address = preview_links.preview_url(study, User.objects.create_superuser("ada"))
    return address.partition(f"{preview_links.PARAMETER}=")[2]


def _simulated(study: Study) -> str:
    return preview_links.simulated_parameters(study, 0, seed=1)[preview_links.PARAMETER]


def _trial(study: Study, token: str) -> list[Phrase]:
    """The visit of a link, from consent to its end, with a scored phrase for each class."""
    session = preview_links.enter(study, token)
    sessions.give_consent(session)
    pass_check(do_tutorial(session))
    said: list[Phrase] = []
    for assignment in session.assignments.select_related("task"):
        visit = Visit(session, assignments.start(assignment), client_of(session), {})
        said += submit_and_score(visit, WORDS[assignment.task.target_class or 0])
        assignments.end(visit.assignment, EndReason.DONE)
    sessions.finish(session)
    return said


def _work(study: Study, pool: Pool, folder: Path, phrases: list[Phrase]) -> dict[str, int]:
    """A correction of the phrases, and images that workers gather for the first of them and train with.

    The services refuse words that do not count, so the rows are written here as if they did not.
    """
    base_model = study.tasks.all()[0].base_model
    of = {"study": study, "base_model": base_model, "requested_by": "ada"}
    correction = Correction.objects.create(**of, scheme=study.scheme, review_reason=str(phrases[0]))
    for phrase in phrases[:2]:
        label, threshold = phrase.assignment.task.target_class, phrase.score.threshold
        assert label is not None and threshold is not None
        correction.parts.create(score=phrase.score, target_class=label, threshold=threshold)
    train_due_corrections()
    usual: dict[str, Any] = {"class_by": "none", "duplicate_threshold": 0.9999, "n_random": 4, "n_known": 2}
    first = {"score": phrases[0].score, "threshold": phrases[0].score.threshold, "target_class": SQUARE}
    gathering = Gathering.objects.create(**of, **usual, pool=pool)
    check = Gathering.objects.create(**of, n_candidates=4)
    for each in (gathering, check):
        GatheringPart.objects.create(gathering=each, **first)
    gather_images()
    jobs: tuple[Job, ...] = (correction, gathering, check)
    for job in jobs:
        job.refresh_from_db()
        assert job.state == JobState.DONE, job.error
    review(gathering, truth(gathering, folder))
    review(check, lambda item: SQUARE if item["arm"] == "above" else None)
    return {"correction": correction.pk, "gathering": gathering.pk, "check": check.pk, "training": train(gathering).pk}


def _names() -> list[str]:
    """How the visits that do not count, and their people, are known."""
    gone = AnnotationSession.objects.exclude(kind="participant").select_related("participant")
    found = [name for row in gone for name in (row.submission_key, row.participant.pseudonym, str(row.public_id))]
    assert len(found) == 6
    return found


def _of_archive(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for name in archive.namelist():
        content = archive.read(name)
        if name.endswith(".parquet"):  # compressed
            yield name, str(pq.read_table(io.BytesIO(content)).to_pylist())
        else:
            yield name, content.decode("utf-8", "replace")


def _of_analysis(study: Study) -> Iterator[tuple[str, str]]:
    """What pages show: tables, and drawings with their layouts."""
    stored = StudyAnalysis.objects.get(study=study)
    yield "analysis", bytes(stored.content or b"").decode("utf-8", "replace")
    figures = StoredFigures(bytes(stored.figures or b""))
    for key in figures._packed:
        drawn = figures.get(key)
        assert drawn is not None
        yield f"page/{key}.svg", drawn.file
        for name, layout in drawn.layouts.items():
            yield f"page/{key}-{name}", layout.vega + layout.svg


def test_no_file_has_their_words_or_names(made: Made) -> None:
    found = {}
    for name, text in made.read.items():
        planted = [PLANTED] if name.startswith(LEDGER) else [PLANTED, *made.names]
        if said := [each for each in planted if each in text]:
            found[name] = said
    assert found == {}


def test_what_a_person_said_is_in_the_same_files(made: Made) -> None:
    kinds = ("phrases.csv", "phrases.parquet", "phrases.jsonl", "correction_annotations.csv", "lowest/said.parquet")
    drawn = [name for name in made.read if name.startswith(("figures/", "page/"))]
    assert {name.rpartition(".")[2] for name in drawn} >= {"json", "svg"}
    for names in (*([each] for each in (*kinds, "analysis")), [name for name in drawn if name.endswith(".svg")]):
        assert any("blue" in made.read[name] for name in names), names


def test_tables_have_the_rows_of_a_persons_words_alone(made: Made) -> None:
    columns = {"corrections": "correction", "gathered_data": "training", "slice_checks": "check"}
    for name, column in columns.items():
        rows = csv.DictReader(io.StringIO(made.read[f"{name}.csv"], newline=""))
        assert {int(row[column]) for row in rows} == {made.jobs[column]}, name
