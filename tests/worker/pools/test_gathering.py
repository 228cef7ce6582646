"""From a pool to a data set that has grown: who is a candidate, what is kept, and what it is worth."""

import shutil
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.utils.class_weight import compute_sample_weight

from annotations.base.service_errors import NotPossible
from annotations.datasets.dataset_registration import find_dataset
from annotations.models import Dataset, GatheredTraining, Gathering, JobState, Pool, Score
from annotations.pools import gatherings, pool_requests, review_outcomes
from annotations.pools.gathering_tables import worth_rows
from annotations.pools.review_progress import review_progress
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split, verify
from clarify_errors.arrays.embeddings.duplicate_limits import duplicate_limit
from clarify_errors.arrays.embeddings.similarity import similarities
from tests.support.actors import BLUE, CLASSES, ENCODER, OVAL, RED, SQUARE
from tests.worker.pools.conftest import (
    POOL,
    draw,
    draw_source,
    gather,
    imported,
    review,
    score_red,
    show,
    train,
    truth,
)
from worker.datasets.dataset_import import import_folder
from worker.pools.gathered_training import effects


@dataclass(frozen=True)
class Stored:
    """What is there for all tests of the module, of which each has a DATA_ROOT of its own."""

    data_root: Path
    source: Path
    folder: Path
    score: Score
    pool: Pool


@pytest.fixture(scope="module")
def stored(rows_of_the_module: None, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    root = tmp_path_factory.mktemp("gathering")
    draw(root / "pool", POOL, seed=7)
    with override_settings(DATA_ROOT=root / "data"):
        score = score_red(show(draw_source(root / "source")))
        return Stored(root / "data", root / "source", root / "pool", score, imported(root / "pool"))


@pytest.fixture
def red(stored: Stored, db: None, tmp_path: Path, settings: Any) -> Score:
    settings.DATA_ROOT = shutil.copytree(stored.data_root, tmp_path / "data")
    return Score.objects.get(pk=stored.score.pk)


@pytest.fixture
def pool(stored: Stored, red: Score) -> Pool:
    return Pool.objects.get(pk=stored.pool.pk)


def test_candidates_are_on_the_error_side_the_most_like_first(red: Score, pool: Pool) -> None:
    gathering = gather(red, pool)
    assert gathering.state == JobState.DONE, gathering.error
    files = pool.dataset.files  # type: ignore[union-attr]
    likeness = [item["likeness"] for item in gathering.items if item["arm"] == "candidate"]
    assert likeness == sorted(likeness, reverse=True) and min(likeness) > red.threshold
    colours = [POOL[int(Path(files.filenames[item["row"]]).stem)][1] for item in gathering.items if "likeness" in item]
    assert set(colours) == {RED}
    assert [item["arm"] for item in gathering.items].count("random") == 10
    assert [item["arm"] for item in gathering.items].count("known") == 6
    assert all(files.image_path(files.image_keys[item["row"]].decode()).exists() for item in gathering.items[:3])


@pytest.mark.parametrize("limit", [0.9999, None])
def test_a_copy_of_an_image_of_the_data_set_is_no_candidate_and_its_pair_is_shown(
    stored: Stored, red: Score, tmp_path: Path, limit: float | None
) -> None:
    files = red.phrase.assignment.task.base_model.dataset.files
    assert files.attributes is not None
    is_red = files.attributes == RED
    originals = {split: next(int(row) for row in files.rows(split, SQUARE) if is_red[row]) for split in Split}
    folder = Path(shutil.copytree(stored.folder, tmp_path / "pool"))
    for split, original in originals.items():
        shutil.copy(stored.source / files.filenames[original], folder / f"{split.word}.png")
        shutil.copy(folder / "0000.json", folder / f"{split.word}.json")
    pool = imported(folder, "with-copies")
    gathering = gather(red, pool, n_random=200, duplicate_threshold=limit)
    names = pool.dataset.files.filenames  # type: ignore[union-attr]
    for split, original in originals.items():
        copied = names.index(f"{split.word}.png")
        assert copied not in [item["row"] for item in gathering.items if item["arm"] != "known"]
        assert [copied, split.word, original] in [pair[:3] for pair in gathering.report["pairs"]]


def test_the_limit_that_the_images_give_is_stored_and_given_again_finds_the_same(red: Score, pool: Pool) -> None:
    of_images = gather(red, pool, duplicate_threshold=None, seed=3)
    files = of_images.base_model.dataset.files
    rows = files.array("similarity")
    looked_at = np.flatnonzero(files.splits != Split.TRAIN)
    nearest = [np.delete(similarities(rows, rows[row]), row).max() for row in looked_at]
    assert of_images.duplicate_threshold == duplicate_limit(np.array(nearest, np.float32))
    again = gather(red, pool, duplicate_threshold=of_images.duplicate_threshold, seed=3)
    assert (again.items, again.report) == (of_images.items, of_images.report)


@pytest.mark.parametrize("limit", [1.0, -0.5])
def test_a_limit_that_copies_would_pass_is_refused(red: Score, pool: Pool, limit: float) -> None:
    with pytest.raises(NotPossible, match="Something does not fit"):
        gather(red, pool, duplicate_threshold=limit)


def test_a_copy_of_an_image_of_another_test_set_is_no_candidate(
    stored: Stored, red: Score, pool: Pool, tmp_path: Path
) -> None:
    """ImageNet-V2 is such a set; what has images to train with is another version, and keeps nothing out."""
    others = {}
    for name, copied, split in (("tested", "0125.png", "test"), ("trained", "0126.png", "train")):
        (root := tmp_path / name).mkdir()
        shutil.copy(stored.folder / copied, root / "copy.png")
        shutil.copy(stored.folder / "0000.png", root / "other.png")
        (root / "metadata.csv").write_text(f"filename,split,class\ncopy.png,test,square\nother.png,{split},square\n")
        given: dict[str, Any] = {"similarity_encoder": ENCODER, "class_names": CLASSES, "progress": silent}
        others[name], _ = import_folder(name, "csv", root, **given)
    gathering = gather(red, pool, n_random=200)
    names = pool.dataset.files.filenames  # type: ignore[union-attr]
    shown = {names[item["row"]] for item in gathering.items if item["arm"] != "known"}
    assert shown & {"0125.png", "0126.png"} == {"0126.png"}
    reasons = {f"they are nearly the same as a test image of {dataset}": name for name, dataset in others.items()}
    assert {reasons[reason] for reason in gathering.report["counts"] if reason in reasons} == {"tested"}


def test_only_train_grows_and_what_is_evaluated_stays_identical_to_the_byte(
    stored: Stored, red: Score, pool: Pool
) -> None:
    gathering = gather(red, pool)
    review(gathering, truth(gathering, stored.folder))
    training = train(gathering)
    parent, grown = gathering.base_model.dataset, training.dataset
    assert grown is not None and grown.name == "shapes-gathered"
    assert find_dataset("shapes") == parent
    verify(grown.files.directory)
    old, new = parent.files, grown.files
    for split in (Split.VALIDATION, Split.TEST):
        before, after = old.rows(split), new.rows(split)
        assert [old.filenames[i] for i in before] == [new.filenames[i] for i in after]
        for array in ("similarity", "features"):
            assert old.array(array)[before].tobytes() == new.array(array)[after].tobytes()
        assert old.labels[before].tobytes() == new.labels[after].tobytes()
        assert old.attributes is not None and new.attributes is not None
        assert old.attributes[before].tobytes() == new.attributes[after].tobytes()
        thumbnails = [
            [files.image_path(files.image_keys[i].decode()) for i in rows]
            for files, rows in ((old, before), (new, after))
        ]
        assert all(a.samefile(b) for a, b in zip(*thumbnails, strict=True))
    n_kept = len(training.kept["candidate"])
    assert n_kept and len(new.rows(Split.TRAIN)) == len(old.rows(Split.TRAIN)) + n_kept
    notes = [note for note in new.notes if note]
    assert len(notes) == n_kept and {note["licence"] for note in notes} == {"CC0-1.0"}


def test_what_was_gathered_lifts_the_minority_more_than_random_pool_images(
    stored: Stored, red: Score, pool: Pool
) -> None:
    gathering = gather(red, pool, class_by="zero_shot", n_candidates=30, n_random=30)
    review(gathering, truth(gathering, stored.folder))
    training = train(gathering)
    rows = {row["name"]: row for row in training.table}
    names = ["base", "control", "reweighting", "gathered data", "control with gathered data", "both"]
    assert list(rows) == [*names, "random pool images"]
    assert rows["gathered data"]["minority_gain"][0] > rows["random pool images"]["minority_gain"][0]
    assert rows["gathered data"]["minority_gain"][0] > 0
    assert effects(training) == training.table  # the same again gives the same
    assert recomputed(training) == []
    gathering.study.scheme = training.gathering.study.scheme = "mean_slices"  # another study's
    others = {row["name"]: row for row in effects(training)}
    same = {name for name, row in rows.items() if others[name] == row}
    assert {"base", "gathered data", "random pool images"} <= same  # these weigh all images alike
    assert not {"control", "reweighting"} & same
    assert {row.scheme for row in worth_rows(training)} == {"mean_slices"}
    training.table[3]["minority_gain"][0] += 1e-6
    training.save(update_fields=["table"])
    [line] = recomputed(training)
    assert "minority_gain [0] of gathered data: stored" in line


def test_a_gain_is_over_the_model_that_has_the_same_images_and_class_weights(
    stored: Stored, red: Score, pool: Pool
) -> None:
    """Reweighting and “both” are what the phrase does; what the images do, and equal class weights, has its own row."""
    gathering = gather(red, pool, class_by="zero_shot", n_candidates=30, n_random=30)
    review(gathering, truth(gathering, stored.folder))
    training = train(gathering)
    rows = {row["name"]: row for row in training.table}
    assert {name: row["compared_with"] for name, row in rows.items()} == {
        "base": "base",
        "control": "base",
        "reweighting": "control",
        "gathered data": "base",
        "control with gathered data": "gathered data",
        "both": "control with gathered data",
        "random pool images": "base",
    }
    for row in rows.values():
        other = rows[row["compared_with"]]
        assert row["n_added"] == other["n_added"] or row["name"] in ("gathered data", "random pool images")
        for measure in ("worst_group", "average", "minority"):
            gain, low, high = row[f"{measure}_gain"]
            assert gain == pytest.approx(row[measure][0] - other[measure][0])
            assert low - 1e-9 <= gain <= high + 1e-9
    assert accuracy_by_scikit_learn(training) == pytest.approx(rows["control with gathered data"]["worst_group"][0])


def accuracy_by_scikit_learn(training: GatheredTraining) -> float:
    """The worst group of a last layer that is trained on the grown data set, where both classes weigh alike."""
    files, l2 = training.dataset.files, training.gathering.base_model.l2  # type: ignore[union-attr]
    train, test = files.rows(Split.TRAIN), files.rows(Split.TEST)
    features = normalize(files.array("features").astype(np.float64))
    scaler = StandardScaler().fit(features[train])
    x, y = (np.c_[scaler.transform(features[rows]), np.ones(len(rows))] for rows in (train, test))
    weights = compute_sample_weight("balanced", files.labels[train]) / len(train)
    fitted = LogisticRegression(C=2 / l2, fit_intercept=False, tol=1e-10, max_iter=10_000)
    right = fitted.fit(x, files.labels[train], sample_weight=weights).predict(y) == files.labels[test]
    assert files.attributes is not None
    groups = files.labels[test] * 10 + files.attributes[test]
    return min(float(right[groups == group].mean()) for group in np.unique(groups))


def recomputed(training: GatheredTraining) -> list[str]:
    """What the command says of a training. The test's score is made up, so it always differs."""
    output, study = StringIO(), training.gathering.study
    with pytest.raises(CommandError, match=r"1 training with gathered images: [12] differ"):
        call_command("recompute", "--study", study.slug, stdout=output)
    return [line for line in output.getvalue().splitlines() if str(training) in line]


def test_nothing_is_added_at_which_nobody_looked_unless_the_gathering_says_so(red: Score, pool: Pool) -> None:
    looked, pseudo = gather(red, pool), gather(red, pool, pseudo_labels=True)
    with pytest.raises(NotPossible, match="Review some first"):
        gatherings.request_training(looked, by="ada")
    training = train(pseudo)
    n = [item["arm"] for item in pseudo.items].count("candidate")
    assert [reviewers for _, _, reviewers in training.kept["candidate"]] == [0] * n
    assert training.kept["random"] == []


def test_an_image_that_is_taken_out_of_the_pool_leaves_the_review_and_what_is_kept(
    stored: Stored, red: Score, pool: Pool
) -> None:
    gathering = gather(red, pool)
    places = [place for place, item in enumerate(gathering.items) if item["arm"] == "candidate"]
    review(gathering, truth(gathering, stored.folder))
    first = gathering.items[places[0]]["row"]
    training = train(gathering)
    assert pool.dataset is not None
    n, made = pool_requests.take_out(pool, "a face", by="ada", names=[pool.dataset.files.filenames[first]])
    assert (n, made) == (1, [training.dataset])
    gathering = Gathering.objects.get(pk=gathering.pk)
    assert gathering.gone == {places[0]}
    assert first not in [row for row, *_ in review_outcomes.kept(gathering)["candidate"]]
    gathering.reviews.all().delete()
    gathering.items = [gathering.items[place] for place in places[:2]]
    assert review_progress(gathering, "ada").place == 1
    again = gather(red, Pool.objects.get(pk=pool.pk))
    assert first not in {item["row"] for item in again.items if item["arm"] != "known"}
    assert again.report["counts"]["they were taken out of the pool"] == 1


def test_licences_and_unsafe_images_are_left_out_and_counted(red: Score, tmp_path: Path) -> None:
    folder = tmp_path / "pool"
    draw(folder, [(SQUARE, RED)] * 12, seed=7)
    (folder / "0000.json").unlink()
    (folder / "0001.json").write_text('{"license": "CC-BY-4.0", "NSFW": "UNSURE"}')
    (folder / "0002.json").write_text('{"license": "all rights reserved"}')
    pool = imported(folder, "licensed")
    gathering = gather(red, pool, licences=["cc0-1.0", "CC-BY-4.0"])
    assert gathering.report["counts"] == {
        "their licence is not known": 1,
        "their licence is not allowed": 1,
        "they are marked as unsafe": 1,
    } | {reason: n for reason, n in gathering.report["counts"].items() if "nearly" in reason}
    every = gather(red, pool, allow_unknown_licence=True, allow_unsafe=True)
    assert not {reason for reason in every.report["counts"] if "licence" in reason or "unsafe" in reason}


def test_what_cannot_be_gathered_is_a_sentence(red: Score, tmp_path: Path) -> None:
    draw(tmp_path / "one", [(OVAL, BLUE)], seed=3)
    one = imported(tmp_path / "one", "one")
    assert "No pool image is a candidate. Left out: 1: they are not on the error side" in gather(red, one).error
    draw(tmp_path / "red", [(SQUARE, RED)], seed=3)
    single = gather(red, imported(tmp_path / "red", "single"))
    assert (single.state, len([item for item in single.items if item["arm"] == "candidate"])) == (JobState.DONE, 1)
    with mock.patch.object(DatasetFiles, "pictured", property(lambda files: files.splits != Split.VALIDATION)):
        assert "The class has no validation image that can be shown" in gather(red, None).error
    assert one.dataset_id is not None
    Dataset.objects.filter(pk=one.dataset_id).update(similarity_encoder="python:another")
    mismatch = gather(red, one)
    assert (
        "come from different encoders: import the pool with the encoder python:tests.support.fake_encoder"
        in mismatch.error
    )
