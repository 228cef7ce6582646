"""Pools from folders, tar shards and embeddings of others; errors are sentences, and a killed import goes on."""

import datetime as dt
import io
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from annotations.base.service_errors import NotPossible
from annotations.datasets import image_searches
from annotations.models import BaseModel, Dataset, ImageIndex, JobState, Pool, Score
from annotations.pools import pool_requests
from clarify_errors.arrays.datasets.dataset_files import Split, verify
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.tensors.similarity_search.example_queries import query_of_examples
from clarify_errors.tensors.similarity_search.index_manifest import IndexManifest, read_manifest
from tests.support.actors import BLUE, ENCODER, OVAL, RED, SQUARE
from tests.support.fake_encoder import FakeEncoder
from tests.worker.pools.conftest import draw, gather, imported, watched
from worker.datasets.index_builds import open_index_of
from worker.datasets.shown_images import show
from worker.tasks.embed import build_image_indexes, gather_images, search_images

PICTURES = [(SQUARE, RED)] * 3 + [(SQUARE, BLUE)] * 3


@pytest.fixture
def folder(db: None, tmp_path: Path, settings: Any) -> Path:
    settings.DATA_ROOT = tmp_path / "data"
    draw(tmp_path / "pool", PICTURES, seed=5)
    return tmp_path / "pool"


def run(folder: Path, name: str = "drawings") -> str:
    said = io.StringIO()
    call_command("import_pool", name, folder, encoder=ENCODER, stdout=said)
    return said.getvalue()


def test_the_command_imports_a_folder_once_without_thumbnails(folder: Path) -> None:
    (folder / "0000.json").unlink()
    said = run(folder)
    assert "6 of 6 images listed" in said and "The licence of 1 is not known" in said
    [pool] = Pool.objects.all()
    files = pool.dataset.files  # type: ignore[union-attr]
    assert files.notes[1] == {"source": "https://example.org/1", "licence": "CC0-1.0", "unsafe": None}
    assert not (files.directory / "thumbnails").exists() or not list(files.directory.rglob("*.webp"))
    assert ImageIndex.objects.get(dataset=pool.dataset).state == JobState.DONE
    verify(files.directory)
    assert "Nothing to do" in run(folder)


def test_once_more_the_command_adds_new_images_alone_and_rows_thumbnails_and_segments_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder)
    pool = Pool.objects.get()
    old = pool.dataset
    assert old is not None
    files, rows = old.files, np.array(old.files.array("similarity"))
    show(old, [2])
    [first] = (files.directory / "image-indexes").glob("*/segment-0000.faiss")
    inode = first.stat().st_ino
    draw(folder / "a-later-folder", [(OVAL, RED)] * 2, seed=9)
    encoded = watched(monkeypatch)
    assert "8 of 8 images listed" in run(folder)
    assert [len(batch) for batch in encoded] == [2]
    pool.refresh_from_db()
    assert pool.dataset is not None and not Dataset.objects.filter(pk=old.pk).exists()
    new, names = pool.dataset.files, files.filenames
    shutil.rmtree(files.directory)  # as it goes once that is committed
    assert new.filenames == (*names, "a-later-folder/0000.png", "a-later-folder/0001.png")
    np.testing.assert_array_equal(new.array("similarity")[:6], rows)
    assert list(new.image_keys[:6]) == list(files.image_keys)
    assert new.image_path(new.image_keys[2].decode()).exists() and new.notes[7]["licence"] == "CC0-1.0"
    verify(new.directory)
    index = ImageIndex.objects.get(dataset=pool.dataset)
    segments = sorted((settings.DATA_ROOT / index.directory).glob("segment-*"))
    assert [path.stat().st_ino == inode for path in segments] == [True, False]
    found = open_index_of(pool.dataset, index).nearest(np.array(new.array("similarity")), 1).rows[:, 0]
    assert found.tolist()[6:] == [6, 7]
    assert "Nothing to do" in run(folder) and len(list(new.directory.parent.glob("[!.]*"))) == 1


def test_images_that_are_taken_out_are_not_found_seen_or_brought_in_again(folder: Path) -> None:
    draw(folder / "theirs", [(SQUARE, RED)] * 20, seed=9, licence="CC-BY-4.0")
    run(folder)
    pool = Pool.objects.get()
    assert pool.dataset is not None
    files = pool.dataset.files
    show(pool.dataset, range(files.n_rows))
    names = ["0000.png", "0001.png"]
    assert pool_requests.take_out(pool, "a face", by="ada", names=names) == (2, [])

    def manifest() -> IndexManifest:
        build_image_indexes()
        index = ImageIndex.objects.get(dataset=pool.dataset)
        found = open_index_of(index.dataset, index).nearest(np.array(files.array("similarity")), 30).rows
        pool.refresh_from_db()
        assert pool.removed.isdisjoint(found.flat) and found.shape[1] == files.n_rows - len(pool.removed)
        assert not any(files.image_path(files.image_keys[row].decode()).exists() for row in pool.removed)
        assert show(index.dataset, range(files.n_rows)) == set(range(files.n_rows)) - pool.removed
        return read_manifest(settings.DATA_ROOT / index.directory)

    assert manifest().n_absent == 0 and len(pool.removed) == 2
    pool_requests.take_out(pool, "licence withdrawn", by="ada", licence="CC-BY-4.0")
    assert manifest().n_absent == 22 == len(pool.removed), "more than a tenth: it is built without them"
    assert [(each["why"], len(each["rows"])) for each in pool.removals] == [("a face", 2), ("licence withdrawn", 20)]
    draw(folder / "a-later-folder", [(OVAL, RED)] * 2, seed=11)
    assert "28 of 28" in run(folder)
    pool.refresh_from_db()
    files = pool.dataset.files
    assert manifest().n_absent == 22 == len(pool.removed) and len(manifest().segments) == 2


@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ({"licence": "CC0-1.0"}, "A pool needs at least one image"),
        ({"licence": "MIT"}, "None of these images is still in the pool"),
        ({"names": ["../secret.png"]}, "The pool has no image “../secret.png”"),
        ({"names": ["0000.png"], "why": " "}, "Give the reason for removing"),
    ],
)
def test_what_cannot_be_taken_out_is_a_sentence(folder: Path, which: dict[str, Any], sentence: str) -> None:
    pool = imported(folder)
    with pytest.raises(NotPossible, match=sentence):
        pool_requests.take_out(pool, **{"why": "a face", "by": "ada", **which})
    pool.refresh_from_db()
    assert pool.removals == []


def test_a_folder_whose_new_images_cannot_be_read_leaves_the_pool_as_it_was(folder: Path) -> None:
    pool = imported(folder)
    (folder / "new.png").write_bytes(b"no image")
    with pytest.raises(CommandError, match="none of the 1 listed images can be used"):
        run(folder)
    before, pool = pool, Pool.objects.get()
    assert (pool.state, pool.dataset) == (JobState.FAILED, before.dataset)
    (folder / "new.png").unlink()
    assert "Nothing to do" in run(folder)


def test_tar_shards_are_the_same_pool_as_the_files_in_them(folder: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    for shard in ("00000", "00001"):
        with tarfile.open(shards / f"{shard}.tar", "w") as archive:
            for file in sorted(folder.iterdir()):
                if (int(file.stem) < 3) == (shard == "00000"):
                    archive.add(file, file.name)
    pool = imported(shards)
    files = pool.dataset.files  # type: ignore[union-attr]
    assert files.filenames[0] == "00000/0000.png" and files.n_rows == 6
    assert {note["licence"] for note in files.notes} == {"CC0-1.0"}
    images = [Image.open(folder / Path(name).name) for name in files.filenames]
    np.testing.assert_array_equal(files.array("similarity"), FakeEncoder().encode_images(images))


def embeddings(folder: Path, rows: Any, names: list[str]) -> Path:
    (folder / "img_emb").mkdir()
    (folder / "metadata").mkdir()
    np.save(folder / "img_emb" / "img_emb_0.npy", rows)
    table = pa.table({"image_path": names, "LICENSE": ["CC0-1.0"] * len(names), "NSFW": ["UNLIKELY"] * len(names)})
    pq.write_table(table, folder / "metadata" / "metadata_0.parquet")
    return folder


def test_embeddings_of_others_are_searched_from_a_data_set_and_only_images_that_are_there_are_shown(
    folder: Path, shown: BaseModel
) -> None:
    paths = sorted(folder.glob("*.png"))
    rows = FakeEncoder().encode_images([Image.open(path) for path in paths]).astype(np.float16)
    names = [str(path) for path in paths[:5]] + ["gone.png"]
    pool = imported(embeddings(folder, rows, names))
    assert pool.error == ""
    assert pool.dataset is not None and pool.dataset.files.filenames == (*(path.name for path in paths[:5]), "gone.png")
    build_image_indexes()
    files = shown.dataset.files
    red = int(np.flatnonzero((files.labels == SQUARE) & (files.attributes == RED))[0])
    search = image_searches.request_search(
        shown.dataset, words="", like=[(shown.dataset.pk, red)], unlike=[], by="ada", searched_in=pool.dataset
    )
    search_images()
    search.refresh_from_db()
    assert search.error == "" and set(search.rows[:3]) == {0, 1, 2} and 5 not in search.rows
    assert len(list(pool.dataset.files.directory.rglob("*.webp"))) == 5


def test_embeddings_that_are_not_the_encoders_are_refused(folder: Path) -> None:
    paths = sorted(folder.glob("*.png"))
    rows = FakeEncoder().encode_images([Image.open(path) for path in paths])
    with pytest.raises(CommandError, match="The embeddings are another encoder's: of 6 images, what"):
        run(embeddings(folder, -rows, [path.name for path in paths]))


def test_an_import_whose_worker_was_killed_goes_on_where_it_stopped(folder: Path) -> None:
    pool = pool_requests.new_pool("drawings", folder, ENCODER, by="ada")
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    Pool.objects.filter(pk=pool.pk).update(state=JobState.RUNNING, attempts=1, heartbeat_at=long_ago)
    gather_images()
    pool.refresh_from_db()
    assert (pool.state, pool.attempts) == (JobState.DONE, 2)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "nowhere", "there is no such folder"),
        (lambda folder: (folder / "empty").mkdir() or folder / "empty", "there is no image"),
        (lambda folder: embeddings(folder, np.ones((2, 12)), ["a.png"]), "2 embeddings, but metadata_0.parquet has 1"),
        (lambda folder: embeddings(folder, np.ones((1, 7)), ["a.png"]), "have 7 dimensions"),
    ],
)
def test_what_cannot_be_a_pool_is_a_sentence(folder: Path, make: Any, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(make(folder))


def test_a_pool_takes_no_name_of_a_data_set(sprites_like: Dataset) -> None:
    with pytest.raises(NotPossible, match="named sprites-like already exists"):
        pool_requests.new_pool("sprites-like", Path("/x"), ENCODER, by="ada")
    with pytest.raises(NotPossible, match="only letters"):
        pool_requests.new_pool("a b", Path("/x"), ENCODER, by="ada")


def test_images_of_a_pool_are_examples_in_the_pool_and_in_the_data_set(folder: Path, shown: BaseModel) -> None:
    pool = imported(folder)
    assert pool.dataset is not None
    image_searches.request_index(shown.dataset, by="ada")
    build_image_indexes()
    own, of_pool = shown.dataset.files.array("similarity"), pool.dataset.files.array("similarity")
    asked: dict[str, Any] = {
        "words": "",
        "like": [(pool.dataset.pk, 4)],
        "unlike": [(shown.dataset.pk, 9)],
        "by": "ada",
    }
    in_pool = image_searches.request_search(shown.dataset, searched_in=pool.dataset, **asked)
    in_data_set = image_searches.request_search(shown.dataset, **asked)
    search_images()
    query = query_of_examples(of_pool[[4]], own[[9]])[0]
    for search, rows, example in ((in_pool, of_pool, 4), (in_data_set, own, 9)):
        search.refresh_from_db()
        assert search.error == "" and example not in search.rows
        values = np.delete(similarities(rows, query), example)
        assert search.similarities == np.sort(values)[::-1][: len(search.rows)].tolist()
    with pytest.raises(NotPossible, match="neither in this data set nor in one of its pools"):
        image_searches.request_search(shown.dataset, words="", like=[(0, 1)], unlike=[], by="ada")


def test_a_copy_whose_embedding_was_rounded_to_less_than_a_unit_is_no_candidate(
    folder: Path, source: Path, red: Score
) -> None:
    files = red.phrase.assignment.task.base_model.dataset.files
    assert files.attributes is not None
    tested = next(int(row) for row in files.rows(Split.TEST, SQUARE) if files.attributes[row] == RED)
    shutil.copy(source / files.filenames[tested], folder / "copy.png")
    paths = sorted(folder.glob("*.png"))
    rows = FakeEncoder().encode_images([Image.open(path) for path in paths]) * np.float32(0.9992)
    pool = imported(embeddings(folder, rows, [str(path) for path in paths]))
    gathering = gather(red, pool, n_random=20)
    assert gathering.error == "" and pool.dataset is not None
    copied = pool.dataset.files.filenames.index("copy.png")
    assert copied not in [item["row"] for item in gathering.items if item["arm"] != "known"]
    assert [copied, "test", tested] in [pair[:3] for pair in gathering.report["pairs"]]
