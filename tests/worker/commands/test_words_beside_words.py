"""Words from a machine beside words from people: Table 2 and Figure 9, from the command to the results page."""

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from annotations.base.data_store.stored_files import StoredFile
from annotations.models import BaseModel, KeywordRanking, Moderation, Phrase, Run, Study
from annotations.models.arrays import pack_int32, unpack_int32
from annotations.models.moderated_words import HIDDEN
from annotations.results.staff_pages.machine_verdict import duels
from annotations.results.study_analysis import Analysed
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.keywords.stored_captions import FOLDER
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from tests.support.actors import OVAL, SQUARE
from tests.support.analysis_studies import analyse
from tests.support.correcting import say, study_of_both
from tests.support.views_pages import tree
from tests.worker.commands.captioned import caption_file, ranked
from tests.worker.commands.conftest import Command
from worker.runs.run_training import train_due_runs


@pytest.fixture
def study(command: Command, base_model: BaseModel, tmp_path: Path) -> Iterator[Study]:
    """One person said "red" and "dark" of squares; two lists are ranked on them and retrained with."""
    study = study_of_both(base_model)
    say(study, "alice", {SQUARE: ["red", "dark"], OVAL: ["blue"]})
    train_due_runs()
    command("import_captions", base_model.dataset.name, caption_file(base_model.dataset, tmp_path))
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--from", "contrast", "--retrain")
    (tmp_path / "words.txt").write_text("dark\nlight\n")
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", tmp_path / "words.txt", "--retrain")
    (tmp_path / "red.txt").write_text("red\n")
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", tmp_path / "red.txt", "--retrain")
    yield study
    for file in (base_model.dataset.files.directory / FOLDER).glob("*"):
        file.unlink()


def rows_of(client: Client, study: Study, table: str) -> list[dict[str, str]]:
    answer = client.get(f"/admin/annotations/study/{study.pk}/results/?table={table}")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_table_2_stands_on_the_results_page_and_in_its_files(study: Study, coordinator_client: Client) -> None:
    analyse(study)
    page = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/results/"))
    verdicts = [each.get_text() for each in page.select("#results-found .verdict")]
    assert verdicts[0] == "By own gain, people and the machine do not differ reliably."  # on so few images
    everybody = "The model was retrained with the best phrase of 1 person. 0 phrases beat the keyword ("
    assert any(each.startswith(everybody) for each in verdicts)
    figure = page.select_one("#figure-keywords")
    assert figure is not None
    text = " ".join(figure.get_text(" ", strip=True).split())
    assert "The machine has the same words as people’s best phrase as its first keyword." in text
    assert "contrast" in text and "words.txt" in text and "the best of as many unrelated words exceeds 0." in text
    rows = [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in figure.select("tbody tr")]
    said = [row for row in rows if row[2] == "people"]
    assert {row[1] for row in said} == {"red", "dark"}
    assert "25.0% (N=12)" in {row[4] for row in said if row[1] == "red"}
    machine = [row for row in rows if row[2] == "machine"]
    assert [row[0] for row in machine[:3]] == ["1", "2", "3"]
    keywords = rows_of(coordinator_client, study, "keywords.csv")
    red = next(row for row in keywords if row["keyword"] == "red")
    assert (red["n_captioned"], red["subgroup_accuracy"]) == ("12", "0.25")
    among = rows_of(coordinator_client, study, "phrases_among_keywords.csv")
    assert {(row["phrase"], row["list"], row["is_in_top"]) for row in among} >= {("dark", "words.txt", "true")}
    red_among_words = next(row for row in among if (row["phrase"], row["list"]) == ("red", "words.txt"))
    assert (red_among_words["error_rank"], red_among_words["same_rank"]) == ("1", "")


def test_figure_9_compares_minorities_on_test(study: Study, coordinator_client: Client) -> None:
    tables = Analysed(study).tables
    of = {(row.list, row.whose, row.part): row for row in tables.keyword_splits.rows}
    people = of["", "people", "minority"]
    assert people.words == "red" and people.before is not None and people.before < 0.5
    assert people.after is not None and people.control is not None
    assert people.gain == pytest.approx(people.after - people.control)
    assert people.gain_low is not None and people.gain is not None and people.gain_high is not None
    assert people.gain_low <= people.gain <= people.gain_high
    words = of["words.txt", "error_score", "minority"]
    assert words.before is not None and words.before > people.before  # "dark" or "light" names no error
    less = {(row.list, row.whose, row.measure): row for row in tables.less_machine.rows}
    worse = less["words.txt", "error_score", "minority_before"]
    assert worse.difference == pytest.approx(people.before - words.before) and worse.high < 0
    same = less["red.txt", "error_score", "minority_gain"]
    assert (same.difference, same.low, same.high) == (0, 0, 0)  # the machine's word is the person's
    assert of["red.txt", "error_score", "minority"].after == pytest.approx(people.after)
    analyse(study)
    figure = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/results/")).select_one(
        "#figure-machine-splits"
    )
    assert figure is not None and "Figure 9" in figure.get_text()
    assert {row["whose"] for row in rows_of(coordinator_client, study, "people_less_machine.csv")} == {
        "clip_score",
        "error_score",
    }


def test_people_are_compared_with_the_machine_by_what_their_best_phrase_adds_to_the_worst_group(
    study: Study, coordinator_client: Client
) -> None:
    say(study, "bob", {SQUARE: ["dark"], OVAL: ["blue"]})
    say(study, "carol", {SQUARE: ["light"], OVAL: ["blue"]})
    train_due_runs()
    red = Run.objects.get(scores__phrase__text="red")
    files = red.base_model.dataset.files
    labels, groups = (each[files.rows(Split.TEST)] for each in (files.labels, files.groups))
    Run.objects.filter(pk=red.pk).update(  # on so few images no word changes anything, so we say what hers does
        worst_group_accuracy=1.0, test_predictions=StoredFile.of(pack_int32(labels))
    )
    tables = Analysed(study).tables
    control = next(task.control_worst_group for task in tables.tasks if task.position == 1)
    machine = next(row for row in tables.keyword_splits.rows if (row.list, row.whose) == ("red.txt", "error_score"))
    less = {(row.list, row.whose): row for row in tables.less_machine.rows if row.measure == "own_gain"}
    of = less["red.txt", "error_score"]
    assert control is not None and machine.worst_group is not None and red.test_predictions is not None
    assert (of.people, of.machine) == (1.0 - control, machine.worst_group - control)
    beside = unpack_int32(red.test_predictions) == labels  # the machine's word is hers, so it was retrained with alike
    expected = own_gain_interval(paired_counts(np.ones(len(labels), np.bool_), beside, groups))
    assert (of.difference, of.low, of.high) == (expected.estimate, expected.low, expected.high)
    assert of.tied == expected.tied
    assert of.n_better == (expected.low > 0)
    assert (of.n_better + (of.n_worse or 0) + (of.n_not_told_apart or 0)) == 3
    analyse(study)
    page = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/results/"))
    assert "has an own gain of" in page.select("#results-found .verdict")[1].get_text()
    for ranking in KeywordRanking.objects.all():  # as earlier versions stored it
        kept = [{name: value for name, value in row.items() if name != "right"} for row in ranking.retrained]
        KeywordRanking.objects.filter(pk=ranking.pk).update(retrained=kept, created_at="2026-01-01T00:00Z")
    earlier = Analysed(study).tables
    assert not [row for row in earlier.less_machine.rows if row.measure == "own_gain"]
    assert earlier.keyword_splits.rows
    assert all("did not record which images are right" in each.why_not for each in duels(earlier).values())


def test_a_keyword_without_a_threshold_or_with_a_tiny_slice_says_so(
    command: Command, base_model: BaseModel, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("blue\n")  # more like the right ones
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", tmp_path / "words.txt", "--retrain")
    made = KeywordRanking.objects.get().retrained
    assert {each["by"] for each in made} == {"clip_score", "error_score"}
    score = KeywordRanking.objects.get().rows[0]["error_score"]
    if score == 0:
        assert all("no threshold" in each["why_not"] for each in made)
    else:
        assert all("predictions" in each or "each slice needs at least" in each["why_not"] for each in made)


def test_the_words_are_chosen_without_the_test_split(study: Study, base_model: BaseModel) -> None:
    """Other test predictions of the base model change no word, no rank and no threshold."""
    before = [(row["keyword"], row["threshold"]) for each in KeywordRanking.objects.all() for row in each.rows]
    chosen = {(row.list, row.whose, row.words) for row in Analysed(study).tables.keyword_splits.rows}
    files = base_model.dataset.files
    predicted = base_model.predicted.copy()
    predicted[files.splits == 2] = 1 - predicted[files.splits == 2]
    BaseModel.objects.filter(pk=base_model.pk).update(predictions=predicted.astype("<i4").tobytes())
    KeywordRanking.objects.update(created_at="2026-01-01T00:00Z")  # so that nothing kept is taken
    rows = Analysed(study).tables.keyword_splits.rows
    assert {(row.list, row.whose, row.words) for row in rows} == chosen
    assert [(row["keyword"], row["threshold"]) for each in KeywordRanking.objects.all() for row in each.rows] == before
    assert not any(math.isnan(row.before) for row in rows if row.before is not None) and len(rows) > 0


def test_words_that_the_staff_hid_are_told_by_no_keyword(study: Study) -> None:
    Phrase.objects.filter(text="red").update(moderation=Moderation.HIDDEN, moderation_reason="a name")
    tables = Analysed(study).tables
    hidden = [row for row in tables.among_keywords.rows if row.phrase == HIDDEN]
    assert hidden and {(row.same_rank, row.n_captioned) for row in hidden} == {(None, None)}
    assert "red" not in {row.words for row in tables.keyword_splits.rows if row.whose == "people"}


def test_a_retraining_that_ends_after_the_first_look_is_shown(
    command: Command, base_model: BaseModel, tmp_path: Path
) -> None:
    study = study_of_both(base_model)
    say(study, "alice", {SQUARE: ["dark"], OVAL: ["blue"]})
    train_due_runs()  # the control is there now, and does not change with the next retraining
    say(study, "bob", {SQUARE: ["red"], OVAL: ["blue"]})
    (tmp_path / "words.txt").write_text("dark\n")
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", tmp_path / "words.txt", "--retrain")

    def after() -> float | None:
        rows = Analysed(study).tables.keyword_splits.rows
        return next(row.after for row in rows if (row.whose, row.part) == ("people", "minority"))

    assert after() is None
    train_due_runs()
    assert after() is not None
