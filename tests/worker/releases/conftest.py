"""A study whose people typed what breaks files, and a disk that is empty again after each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from annotations.corrections import correction_requests as corrections
from annotations.models import Audience, BaseModel, Benchmark, Moderation, Score, Study
from annotations.phrases.level_storage import lacking
from annotations.releases import moderation, release_requests
from annotations.visits import expert_visits as experts
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.phrases.word_forms import common_words
from tests.support.actors import (
    COUNTS,
    OVAL,
    SQUARE,
    Visit,
    client_of,
    create_study,
    start_visit,
    store_base_model,
    store_dataset,
    write_sprites,
)
from tests.support.actors import open_study as open_study_of
from tests.support.correcting import approve, say, study_of_both
from tests.support.rows import add_phrase, add_run
from tests.support.steps import end, submit_and_score
from tests.worker.releases.released import TRICKY, spans
from worker.benchmarks.requested_benchmarks import measure_due_benchmark
from worker.corrections import train_due_corrections
from worker.phrases import scoring
from worker.releases import release_building
from worker.research.keywords import keyword_rankings
from worker.research.keywords.keyword_lists import KeywordList
from worker.runs.gain_intervals import measure_missing_intervals
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs


@pytest.fixture(autouse=True)
def _no_files_of_another_test() -> Iterator[None]:
    yield
    shutil.rmtree(Path(settings.DATA_ROOT) / release_requests.FOLDER, ignore_errors=True)


@pytest.fixture
def _nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)


def draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_building, "draw_files", lambda figures, panels, directory: None)


@pytest.fixture
def worked(open_study: Study, alice: Visit, bob: Visit) -> Study:
    return worked_study(open_study, alice, bob)


def worked_study(open_study: Study, alice: Visit, bob: Visit) -> Study:
    """alice types what breaks CSV files, bob three phrases of which two tie; carol's scores come from the worker."""
    for i, text in enumerate(TRICKY):
        add_run(add_phrase(alice, text, i / 20), i / 20 + 0.25 if i else None)
    for text, value, accuracy in (("red", 0.5, 0.75), ("crimson", 0.5, 0.625), ("dark", 0.0, None)):
        add_run(add_phrase(bob, text, value), accuracy)
    carol = start_visit(open_study, "carol")
    submit_and_score(carol, "red", "no blue")
    spans(carol)
    end(carol)
    train_due_runs()
    add_phrase(bob, "waits")
    return open_study


def store_worked(sprites_directory: Path) -> Study:
    """The study of `worked`, for what a module makes of it once."""
    return store_visits(sprites_directory)[0]


def store_visits(sprites_directory: Path) -> tuple[Study, Visit, Visit]:
    """The same, with the visits of alice and bob."""
    study = open_study_of(create_study(store_base_model(store_dataset(sprites_directory))))
    alice, bob = start_visit(study, "alice"), start_visit(study, "bob")
    return worked_study(study, alice, bob), alice, bob


def explained_study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """Four people's words for both classes, scored and retrained with as the workers do it; one person says nothing.

    In two conditions, beside an expert, a benchmark, two lists of keywords and a correction; with ten errors or more in
    both classes, common words tell what is guessing.
    """
    counts = {group: (train, 2 * validation, test) for group, (train, validation, test) in COUNTS.items()}
    base_model = store_base_model(store_dataset(write_sprites(Path(settings.DATA_ROOT), counts=counts)))
    study = study_of_both(base_model, conditions=[{"name": "one"}, {"name": "two"}], scheme="mean_slices")
    of_experts = study_of_both(base_model, "experts", audience=Audience.EXPERTS)
    erna = experts.enter(of_experts, User.objects.create_user("erna"))
    begun = experts.pick(erna, of_experts.tasks.get(target_class=SQUARE))
    submit_and_score(Visit(erna, begun, client_of(erna), {}), "red", "bright")
    said = say(study, "alice", {SQUARE: ["red", "a red square", "no blue", "murky"], OVAL: ["blue", "red"]})
    say(study, "bob", {SQUARE: ["red", "blue 🟥🟥", "=dark"], OVAL: ["blue"]})
    say(study, "carol", {SQUARE: ["blue"], OVAL: ["blue"]})
    say(study, "dave", {SQUARE: ["the reds", "bright"], OVAL: ["the blues"]})
    moderation.moderate(said[3], Moderation.HIDDEN, by="coordinator", reason="a name")
    spans(start_visit(study, "erin"))
    train_due_runs()
    measure_missing_intervals()
    train_missing_random_slices()
    monkeypatch.setattr(scoring, "words_in", lambda language: common_words()[::8])  # all of them take seconds
    while lacking():
        scoring.score_missing_vocabularies()
    _beside(study, base_model)
    return study


def _beside(study: Study, base_model: BaseModel) -> None:
    """What a machine says of both classes, other methods, and a correction."""
    words = KeywordList("colours", ("blue", "red", "a dark square", "no red", "murky"), "an image of a {phrase}")
    for ranking in keyword_rankings.rank_classes(
        base_model, [SQUARE, OVAL], lambda label: words, None, permutations=20, progress=silent
    ):
        assert ranking.stored is not None
        keyword_rankings.retrain(ranking.stored)
    Benchmark.objects.create(base_model=base_model, methods=["erm", "zero_shot"], requested_by="coordinator")
    while measure_due_benchmark():
        pass
    of_study = Score.objects.filter(phrase__assignment__task__study=study, threshold__isnull=False)
    approve(*(score.phrase for score in of_study.filter(phrase__text__in=["red", "blue"])))
    corrections.request(study, base_model, by="coordinator")
    train_due_corrections()
