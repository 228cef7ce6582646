"""A data store in a bucket, here of moto, a mock of S3 that accepts any key; from what is read a cache maps."""

import datetime as dt
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from annotations.backups.backup_manifest import CONTENTS
from annotations.backups.files import copy_stored
from annotations.base import unnamed_files
from annotations.base.data_store import bucket_store
from annotations.base.data_store.bucket_store import BucketStore
from annotations.base.data_store.folder_store import BadStoredFile, FolderStore, StoreUnreadable
from annotations.base.data_store.stored_files import StoredFile, data_store
from annotations.models import BaseModel
from clarify_errors.arrays.datasets.importing.import_errors import StorageFailed

pytestmark = pytest.mark.django_db
HEAD = b"a head" * 1000
DIGEST = hashlib.sha256(HEAD).hexdigest()
PATH = f"{DIGEST[:2]}/{DIGEST}"
FOR_EVER = 4e9


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A bucket of a server that speaks S3, which the environment leads to."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    assert httpx2.put(f"{endpoint}/heads").status_code == 200
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (("ENDPOINT_URL", endpoint), ("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "s")):
            patched.setenv(f"AWS_{name}", value)
        patched.setenv("AWS_REGION", "us-east-1")
        yield "s3://heads/of-a-site"
    server.stop()


@pytest.fixture
def bucket(url: str) -> Iterator[S3Store]:
    """The bucket by itself; it is empty again after the test."""
    bucket = S3Store.from_url(url, client_options={"allow_http": True})
    yield bucket
    obstore.delete(bucket, [each["path"] for some in obstore.list(bucket) for each in some])


@pytest.fixture
def store(url: str, bucket: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BucketStore:
    monkeypatch.setattr(bucket_store, "SHRINK_EVERY_S", 0.0)
    return BucketStore(url, FolderStore(tmp_path / "cache"), 1 << 20)


def cached(store: BucketStore) -> set[str]:
    return set(store.cache.put_before(FOR_EVER))


def test_what_one_machine_puts_another_reads_and_maps_from_its_cache(store: BucketStore, bucket: S3Store) -> None:
    assert store.put(HEAD) == DIGEST and list(store.put_before(FOR_EVER)) == [DIGEST] and cached(store) == set()
    assert store.read(DIGEST) == HEAD and cached(store) == {DIGEST}
    obstore.delete(bucket, PATH)
    read = store.read(DIGEST)
    assert read == HEAD and read.readonly


def test_a_file_that_is_missing_or_damaged_in_the_bucket_is_a_sentence(store: BucketStore, bucket: S3Store) -> None:
    with pytest.raises(BadStoredFile, match=f"{store.url}/{DIGEST} is missing, which a row names"):
        store.read(DIGEST)
    obstore.put(bucket, PATH, b"half of it")
    with pytest.raises(BadStoredFile, match=f"{store.url}/{DIGEST} is damaged: its SHA-256 is not its name"):
        store.read(DIGEST)
    assert cached(store) == set()
    store.put(HEAD)
    assert store.read(DIGEST) == HEAD


def test_a_file_that_is_damaged_in_the_cache_is_fetched_again(store: BucketStore) -> None:
    store.read(store.put(HEAD))
    store.cache.path(DIGEST).write_bytes(b"half of it")
    assert store.read(DIGEST) == HEAD
    assert store.cache.read(DIGEST) == HEAD


def test_the_cache_keeps_what_was_read_last_within_its_limit(store: BucketStore, url: str) -> None:
    small = BucketStore(url, store.cache, 2 * len(HEAD) + 2)
    digests = [small.put(HEAD + bytes([i])) for i in range(3)]
    for i, digest in enumerate(digests[:2]):
        small.read(digest)
        os.utime(small.cache.path(digest), (time.time() - 60 + i,) * 2)
    small.read(digests[0])
    small.read(digests[2])
    assert cached(small) == {digests[0], digests[2]}  # there is room for two
    assert [small.read(digest)[-1] for digest in digests] == [0, 1, 2]


def test_what_nobody_has_read_for_a_day_leaves_the_cache(store: BucketStore) -> None:
    first, second = store.put(b"of somebody who was erased meanwhile"), store.put(HEAD)
    store.read(first)
    os.utime(store.cache.path(first), (time.time() - 90_000,) * 2)
    store.read(second)
    assert cached(store) == {DIGEST}


def test_a_file_too_large_for_the_cache_is_read_all_the_same(store: BucketStore, url: str) -> None:
    none = BucketStore(url, store.cache, 0)
    assert none.read(none.put(HEAD)) == HEAD and cached(none) == set()


def test_what_was_put_meanwhile_is_not_removed(store: BucketStore) -> None:
    store.put(HEAD)
    store.read(DIGEST)
    assert not store.remove(DIGEST, time.time() - 60) and store.read(DIGEST) == HEAD
    assert store.remove(DIGEST, FOR_EVER) and not store.remove(DIGEST, FOR_EVER)
    assert list(store.put_before(FOR_EVER)) == [] and cached(store) == set()


def test_a_bucket_that_does_not_answer_or_is_not_there_is_a_sentence(store: BucketStore) -> None:
    none = BucketStore("s3://nowhere/of-a-site", store.cache, 0)
    with pytest.raises(StorageFailed, match=r"s3://nowhere/of-a-site/.* cannot be written"):
        none.put(HEAD)
    with pytest.raises(BadStoredFile, match="s3://nowhere/of-a-site/"):
        none.read(DIGEST)


def test_rows_name_files_of_the_bucket_where_the_site_has_one(
    base_model: BaseModel, bucket: S3Store, url: str, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_BUCKET, settings.DATA_STORE = url, tmp_path / "cache"
    BaseModel.objects.update(head=HEAD)
    head = BaseModel.objects.get().head
    assert head == StoredFile(DIGEST) and bytes(head) == HEAD
    assert bytes(obstore.get(bucket, PATH).bytes()) == HEAD
    BaseModel.objects.update(head=None)
    now = dt.datetime.fromtimestamp(time.time(), dt.UTC)
    assert unnamed_files.remove(now) == 0
    assert unnamed_files.remove(now + 2 * unnamed_files.GRACE) == 1
    with pytest.raises(FileNotFoundError):
        obstore.head(bucket, PATH)


def test_a_back_up_holds_files_of_the_bucket_and_they_can_be_put_back(
    base_model: BaseModel, bucket: S3Store, url: str, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_BUCKET, settings.DATA_STORE = url, tmp_path / "cache"
    BaseModel.objects.update(head=HEAD)
    (tmp_path / "back-up").mkdir()
    assert copy_stored([DIGEST, "0" * 64], tmp_path / "back-up") == [DIGEST]
    obstore.delete(bucket, PATH)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    head = BaseModel.objects.get().head
    with pytest.raises(BadStoredFile, match="Copy it here from a back-up"):
        head.read()
    data_store().put((tmp_path / "back-up" / CONTENTS / DIGEST).read_bytes())
    assert bytes(head) == HEAD


def test_a_bucket_that_does_not_answer_ends_a_back_up_which_would_have_no_heads(
    settings: Any, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    settings.DATA_BUCKET, settings.DATA_STORE = "s3://heads/out-of-reach", tmp_path / "cache"
    with pytest.raises(StoreUnreadable, match=r"s3://heads/out-of-reach/.* cannot be read"):
        copy_stored([DIGEST], tmp_path)
