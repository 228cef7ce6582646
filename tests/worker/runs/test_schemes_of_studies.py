"""A study's scheme: everything that is retrained for it goes by it and names it, and it freezes with the study."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotations.corrections import correction_requests as corrections
from annotations.models import BaseModel, KeywordRanking, RandomSlices, Run, RunState, Scheme, Study
from annotations.releases.study_export import readme
from annotations.releases.tables.table_rows import sources
from annotations.results.stored_rows import control_worst_groups, read_people
from annotations.runs.head_files import head_files
from annotations.studies.cloning import clone_study
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.slices import SCHEMES
from tests.support.actors import OVAL, SQUARE
from tests.support.analysis_studies import analyse
from tests.support.correcting import approve, say, study_of_both
from tests.support.rebuilding import rebuild
from tests.support.views_pages import tree
from worker.corrections import train_due_corrections
from worker.datasets import head_training
from worker.releases.release_building import EXTRAS
from worker.research.keywords import keyword_rankings
from worker.research.keywords.keyword_lists import KeywordList
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.usefixtures("stored_base_model")

OTHER = Scheme.MEAN_SLICES


@pytest.fixture(scope="module")
def stored_usual(stored_base_model: BaseModel) -> Study:
    return worked(study_of_both(stored_base_model, "usual"))


@pytest.fixture(scope="module")
def stored_other(stored_usual: Study, stored_base_model: BaseModel) -> Study:
    return worked(study_of_both(stored_base_model, "other", scheme=OTHER))


@pytest.fixture
def usual(db: None, stored_usual: Study) -> Study:
    """A study of the default scheme, whose control, heads and draws are there already."""
    return Study.objects.get(pk=stored_usual.pk)


@pytest.fixture
def other(db: None, stored_other: Study) -> Study:
    """One of another scheme, beside the usual one."""
    return Study.objects.get(pk=stored_other.pk)


def worked(study: Study) -> Study:
    """One person said the same of both classes; all is retrained, and a correction is trained."""
    approve(*say(study, f"alice-{study.slug}", {SQUARE: ["red"], OVAL: ["blue"]}))
    train_due_runs()
    while train_missing_random_slices():
        pass
    corrections.request(study, study.tasks.all()[0].base_model, by="coordinator")
    train_due_corrections()
    return study


def runs_of(study: Study) -> list[Run]:
    return list(Run.objects.filter(assignment__session__study=study, state=RunState.DONE).order_by("target_class"))


def test_every_scheme_of_the_method_can_be_chosen() -> None:
    assert Scheme.values == list(SCHEMES)


def test_another_scheme_gives_other_heads_beside_a_control_of_its_own(usual: Study, other: Study) -> None:
    pairs = list(zip(runs_of(usual), runs_of(other), strict=True))
    assert len(pairs) == 2
    for of_usual, of_other in pairs:
        assert (of_usual.threshold, of_usual.phrase_text) == (of_other.threshold, of_other.phrase_text)
        assert (of_usual.scheme, of_other.scheme) == (Scheme.CLASS_EQUAL, OTHER)
        coefs = [Head.from_bytes(bytes(each.head)).coef for each in (of_usual, of_other) if each.head]
        assert np.abs(coefs[0] - coefs[1]).max() > 0.01
        assert of_other.control is not None and of_other.random_slices is not None
        assert (of_other.control.scheme, of_other.random_slices.scheme) == (OTHER, OTHER)
    assert {each.scheme for each in RandomSlices.objects.all()} == {Scheme.CLASS_EQUAL, OTHER}
    for study, scheme in ((usual, Scheme.CLASS_EQUAL), (other, OTHER)):
        assert study.corrections.get().scheme == scheme
        controls = {run.assignment.task.position: run.control.worst_group_accuracy for run in runs_of(study)}  # type: ignore[union-attr]
        assert control_worst_groups(list(study.tasks.all())) == controls


def test_the_control_is_the_one_of_the_scheme(other: Study, base_model: BaseModel) -> None:
    run, dataset = runs_of(other)[0], base_model.dataset
    labels = dataset.files.labels[dataset.files.rows(Split.TRAIN)]
    weights = control_weights(labels, run.target_class, OTHER)
    (trained,) = head_training.train(dataset, base_model.l2, weights[:, None])
    assert run.control is not None
    np.testing.assert_allclose(Head.from_bytes(bytes(run.control.head)).coef, trained.head.coef, atol=1e-4)


def tables_of(study: Study) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for each in (*sources(study, read_people(study)), *EXTRAS.analyse(study).tables):
        names = [column.name for column in each.table.columns]
        yield each.table.name, [dict(zip(names, each.table.cells(row), strict=True)) for row in each]


def test_tables_pages_files_and_the_model_card_name_it(
    other: Study, base_model: BaseModel, coordinator_client: Client
) -> None:
    words = KeywordList("colours", ("blue", "red"), "an image of a {phrase}")
    ranked = keyword_rankings.rank_classes(
        base_model, [SQUARE], lambda label: words, None, permutations=20, progress=silent
    )
    for ranking in ranked:
        assert ranking.stored is not None
        keyword_rankings.retrain(ranking.stored)
    named = {name: {row["scheme"] for row in rows} for name, rows in tables_of(other) if rows and "scheme" in rows[0]}
    assert named == {key: {OTHER.value} for key in ("runs", "corrections", "keyword_splits", "people_less_machine")}
    said = " ".join(readme(other, []).split())
    assert f"In every retraining of this study, {OTHER.label} (scheme mean_slices" in said
    assert f"mean_slices: {OTHER.label}" in head_files(runs_of(other)[0])["MODEL_CARD.md"].decode()
    analyse(other)
    study = f"/admin/annotations/study/{other.pk}"
    run = f"/admin/annotations/run/{runs_of(other)[0].pk}/change/"
    correction = f"{study}/correction/?correction={other.corrections.get().pk}"
    for page in (f"{study}/change/", f"{study}/results/", f"{study}/setup/", correction, run):
        text = " ".join(tree(coordinator_client.get(page)).get_text(" ").split())
        assert OTHER.label.lower() in text.lower(), page
    assert coordinator_client.get(f"/api/v1/studies/{other.slug}/").json()["scheme"] == OTHER


def test_keywords_are_retrained_with_under_each_scheme_and_shown_under_the_studys(
    usual: Study, other: Study, base_model: BaseModel
) -> None:
    words = KeywordList("colours", ("red",), "an image of a {phrase}")
    (ranked,) = keyword_rankings.rank_classes(
        base_model, [SQUARE], lambda label: words, None, permutations=20, progress=silent
    )
    assert ranked.stored is not None
    keyword_rankings.retrain(ranked.stored)
    stored = KeywordRanking.objects.get()
    assert [row["scheme"] for row in stored.retrained] == 2 * Scheme.values
    for study in (usual, other):
        rows = dict(tables_of(study))["keyword_splits"]
        after = {row["whose"]: row["after"] for row in rows if row["part"] == "minority"}
        assert after["people"] == after["error_score"] is not None  # the machine's word is the person's


def test_it_freezes(other: Study, coordinator_client: Client) -> None:
    frozen = other.configurations.get().data["study"]
    assert frozen["scheme"] == OTHER
    page = tree(coordinator_client.get(f"/admin/annotations/study/{other.pk}/setup/"))
    assert not page.select("select[name=scheme]")
    coordinator_client.post(f"/admin/annotations/study/{other.pk}/setup/", {"scheme": "paper", "seen_revision": 0})
    other.refresh_from_db()
    assert other.scheme == OTHER


def test_a_clone_has_it_too(other: Study) -> None:
    assert clone_study(other, slug="again", title="Again", by="ada").scheme == OTHER


def test_it_comes_back_from_the_log(other: Study) -> None:
    before = dict(tables_of(other))
    rebuild(other)
    other.refresh_from_db()
    assert other.scheme == OTHER and {run.scheme for run in runs_of(other)} == {OTHER}
    assert dict(tables_of(other)) == before


def test_recomputing_agrees_and_tells_a_run_of_another_scheme(other: Study) -> None:
    assert "all match what is stored" in recomputed("--study", "other")
    usual = Study.objects.get(slug="usual")
    run = str(runs_of(usual)[0].public_id)
    usual.configurations.update(data={"study": {}})  # as before studies chose it
    assert "match" in recomputed("--run", run)
    usual.configurations.update(data={"study": {"scheme": "paper"}})
    with pytest.raises(CommandError, match="differ"):
        recomputed("--run", run)


def recomputed(*arguments: str) -> str:
    output = io.StringIO()
    call_command("recompute", *arguments, stdout=output)
    return output.getvalue()
