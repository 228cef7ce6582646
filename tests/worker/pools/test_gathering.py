"""From a pool to a data set that has grown: who is a candidate, what is kept, and what it is worth."""

import shutil
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotations.analysis.pools.gathering_tables import worth_rows
from annotations.models import BaseModel, Dataset, GatheredTraining, Gathering, JobState, Pool, Score
from annotations.readings.pools import review_outcomes
from annotations.readings.pools.review_progress import review_progress
from annotations.services.datasets.dataset_registration import find_dataset
from annotations.services.pools import gatherings, pool_requests
from annotations.services.pools.gatherings import GatheringNotPossible
from annotations.services.queue import jobs
from modeling.arrays.datasets.dataset_files import Split, verify
from tests.actors import BLUE, OVAL, RED, SQUARE
from tests.worker.pools.conftest import draw, gather, imported, is_square, review, watched
from worker.pools.gathered_training import effects
from worker.tasks.embed import gather_images

POOL = [(SQUARE, BLUE)] * 60 + [(OVAL, RED)] * 60 + [(SQUARE, RED)] * 30 + [(OVAL, BLUE)] * 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw(tmp_path / "pool", POOL, seed=7)
    return tmp_path / "pool"


def truth(gathering: Gathering, folder: Path) -> Any:
    """What an attentive reviewer says."""
    assert gathering.pool is not None and gathering.pool.dataset is not None
    names = gathering.pool.dataset.files.filenames

    def label_of(item: dict[str, Any]) -> int:
        if item["arm"] == "known":
            return int(item["label"])
        return SQUARE if is_square(folder / names[item["row"]]) else OVAL

    return label_of


def train(gathering: Gathering) -> GatheredTraining:
    training = gatherings.request_training(gathering, by="ada")
    gather_images()
    training.refresh_from_db()
    assert training.error == ""
    return training


def test_candidates_are_on_the_error_side_the_most_like_first(red: Score, folder: Path) -> None:
    gathering = gather(red, imported(folder))
    assert gathering.state == JobState.DONE, gathering.error
    pool = gathering.pool.dataset.files  # type: ignore[union-attr]
    likeness = [item["likeness"] for item in gathering.items if item["arm"] == "candidate"]
    assert likeness == sorted(likeness, reverse=True) and min(likeness) > red.threshold
    colours = [POOL[int(Path(pool.filenames[item["row"]]).stem)][1] for item in gathering.items if "likeness" in item]
    assert set(colours) == {RED}
    assert [item["arm"] for item in gathering.items].count("random") == 10
    assert [item["arm"] for item in gathering.items].count("known") == 6
    assert all(pool.image_path(pool.image_keys[item["row"]].decode()).exists() for item in gathering.items[:3])


@pytest.mark.parametrize("split", list(Split))
def test_a_copy_of_an_image_of_the_data_set_is_no_candidate_and_its_pair_is_shown(
    red: Score, source: Path, folder: Path, split: Split
) -> None:
    files = red.phrase.assignment.task.base_model.dataset.files
    original = next(
        row for row in files.rows(split, SQUARE) if files.attributes is not None and files.attributes[row] == RED
    )
    shutil.copy(source / files.filenames[original], folder / "copy.png")
    shutil.copy(folder / "0000.json", folder / "copy.json")
    pool = imported(folder)
    gathering = gather(red, pool, n_random=200)
    copied = pool.dataset.files.filenames.index("copy.png")  # type: ignore[union-attr]
    assert copied not in [item["row"] for item in gathering.items if item["arm"] != "known"]
    assert [copied, split.word, int(original)] in [pair[:3] for pair in gathering.report["pairs"]]


def test_only_train_grows_and_what_is_evaluated_stays_identical_to_the_byte(red: Score, folder: Path) -> None:
    gathering = gather(red, imported(folder))
    review(gathering, truth(gathering, folder))
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


def test_what_was_gathered_lifts_the_minority_more_than_random_pool_images(red: Score, folder: Path) -> None:
    gathering = gather(red, imported(folder), class_by="zero_shot", n_candidates=30, n_random=30)
    review(gathering, truth(gathering, folder))
    training = train(gathering)
    rows = {row["name"]: row for row in training.table}
    assert list(rows) == ["base", "control", "reweighting", "gathered data", "both", "random pool images"]
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


@pytest.mark.parametrize("features", ["python:tests.fake_encoder:load"])
def test_an_image_is_encoded_once_where_features_come_from_an_encoder_of_their_own(
    red: Score, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathering = gather(red, imported(folder), n_random=0)
    review(gathering, truth(gathering, folder))
    encoded = watched(monkeypatch)
    training = train(gathering)
    assert training.dataset is not None and training.dataset.files.manifest.arrays["features"].encoder == "features"
    assert sum(len(batch) for batch in encoded) == len(training.kept["candidate"])
    assert training.table[3]["minority_gain"][0] > 0


def recomputed(training: GatheredTraining) -> list[str]:
    """What the command says of a training. The test's score is made up, so it always differs."""
    output, study = StringIO(), training.gathering.study
    with pytest.raises(CommandError, match=r"1 training with gathered images: [12] differ"):
        call_command("recompute", "--study", study.slug, stdout=output)
    return [line for line in output.getvalue().splitlines() if str(training) in line]


def test_nothing_is_added_at_which_nobody_looked_unless_the_gathering_says_so(red: Score, folder: Path) -> None:
    pool = imported(folder)
    looked, pseudo = gather(red, pool), gather(red, pool, pseudo_labels=True)
    with pytest.raises(GatheringNotPossible, match="Review some first"):
        gatherings.request_training(looked, by="ada")
    training = train(pseudo)
    n = [item["arm"] for item in pseudo.items].count("candidate")
    assert [reviewers for _, _, reviewers in training.kept["candidate"]] == [0] * n
    assert training.kept["random"] == []


def test_an_image_that_is_taken_out_of_the_pool_leaves_the_review_and_what_is_kept(red: Score, folder: Path) -> None:
    pool = imported(folder)
    gathering = gather(red, pool)
    places = [place for place, item in enumerate(gathering.items) if item["arm"] == "candidate"]
    review(gathering, truth(gathering, folder))
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
    pool = imported(folder)
    gathering = gather(red, pool, licences=["cc0-1.0", "CC-BY-4.0"])
    assert gathering.report["counts"] == {
        "their licence is not known": 1,
        "their licence is not allowed": 1,
        "they are marked as unsafe": 1,
    } | {reason: n for reason, n in gathering.report["counts"].items() if "nearly" in reason}
    every = gather(red, pool, allow_unknown_licence=True, allow_unsafe=True)
    assert not {reason for reason in every.report["counts"] if "licence" in reason or "unsafe" in reason}


# Kills itself as soon as it has looked at candidates.
KILLED = """
import os, signal, django
django.setup()
from annotations.services.pools import gatherings
gatherings.store_candidates = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from worker.tasks.embed import gather_images
gather_images()
"""


# Says what two images show, and is killed while the third verdict is being stored.
KILLED_IN_REVIEW = """
import os, signal, sys, django
django.setup()
from django.db.models.signals import post_save
from annotations.models import Gathering, ImageReview, Verdict
from annotations.services.pools import image_reviews
gathering = Gathering.objects.get(pk=sys.argv[1])
for place in (0, 1):
    image_reviews.say(gathering, place, Verdict.DROP, None, by="ada")
    print(place, flush=True)
post_save.connect(lambda **_: os.kill(os.getpid(), signal.SIGKILL), sender=ImageReview, weak=False)
image_reviews.say(gathering, 2, Verdict.DROP, None, by="ada")
print(2, flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_a_review_that_was_killed_keeps_every_verdict_that_it_acknowledged(
    red: Score, folder: Path, subprocess_environment: dict[str, str]
) -> None:
    gathering = gather(red, imported(folder))
    command = [sys.executable, "-c", KILLED_IN_REVIEW, str(gathering.pk)]
    done = subprocess.run(command, env=subprocess_environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["0", "1"]), done.stderr
    assert list(gathering.reviews.order_by("place").values_list("place", flat=True)) == [0, 1]
    progress = review_progress(gathering, "ada")
    assert (progress.n_done, progress.place) == (2, 2)  # goes on where it was


@pytest.mark.django_db(transaction=True)
def test_a_search_that_was_killed_is_done_again_and_finds_the_same(
    red: Score, folder: Path, subprocess_environment: dict[str, str]
) -> None:
    pool = imported(folder)
    whole = gather(red, pool, seed=3)
    study, base_model = whole.study, whole.base_model
    settings = {"class_by": "none", "duplicate_threshold": 0.9999, "n_random": 10, "n_known": 6, "seed": 3}
    killed = gatherings.request(study, base_model, pool, [(red, red.threshold or 0.0)], by="ada", **settings)
    done = subprocess.run([sys.executable, "-c", KILLED], env=subprocess_environment, check=False)
    assert done.returncode == -signal.SIGKILL
    killed.refresh_from_db()
    assert (killed.state, killed.items) == (JobState.RUNNING, [])
    long_ago = timezone.now() - 2 * jobs.SILENT_FOR
    Gathering.objects.filter(pk=killed.pk).update(heartbeat_at=long_ago)
    gather_images()
    killed.refresh_from_db()
    assert (killed.state, killed.items) == (JobState.DONE, whole.items)


def test_what_cannot_be_gathered_is_a_sentence(red: Score, tmp_path: Path, shown: BaseModel) -> None:
    draw(tmp_path / "one", [(OVAL, BLUE)], seed=3)
    one = imported(tmp_path / "one", "one")
    assert "No pool image is a candidate. Left out: 1: they are not on the error side" in gather(red, one).error
    draw(tmp_path / "red", [(SQUARE, RED)], seed=3)
    single = gather(red, imported(tmp_path / "red", "single"))
    assert (single.state, len([item for item in single.items if item["arm"] == "candidate"])) == (JobState.DONE, 1)
    assert one.dataset_id is not None
    Dataset.objects.filter(pk=one.dataset_id).update(similarity_encoder="python:another")
    mismatch = gather(red, one)
    assert "come from different encoders: import the pool with the encoder python:tests.fake_encoder" in mismatch.error
