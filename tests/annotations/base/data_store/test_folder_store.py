"""Files named by their content: what was put is read as it was, or a sentence says what is wrong."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotations.base.data_store.folder_store import BadStoredFile, FolderStore
from clarify_errors.arrays.datasets.importing.import_errors import StorageFailed
from tests.test_architecture import ROOT

HEAD = b"a head" * 1000
DIGEST = hashlib.sha256(HEAD).hexdigest()
LONG_AGO, FOR_EVER = 1e9, 4e9
KILLED = """
import os, pathlib, signal, sys
from annotations.base.data_store.folder_store import FolderStore
os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
FolderStore(pathlib.Path(sys.argv[1])).put(sys.stdin.buffer.read())
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "contents")


def files_of(store: FolderStore) -> list[str]:
    return sorted(file.name for file in store.root.glob("??/*"))


@pytest.mark.parametrize("content", [HEAD, b""], ids=["a head", "nothing"])
def test_what_was_put_is_read_by_its_digest_and_cannot_be_changed(store: FolderStore, content: bytes) -> None:
    digest = store.put(content)
    read = store.read(digest)
    assert digest == hashlib.sha256(content).hexdigest()
    assert read == content and read.readonly


def test_the_same_content_is_one_file_that_counts_as_new(store: FolderStore) -> None:
    store.put(HEAD)
    os.utime(store.path(DIGEST), (LONG_AGO, LONG_AGO))
    assert list(store.put_before(time.time() - 60)) == [DIGEST]
    store.put(HEAD)
    assert files_of(store) == [DIGEST]
    assert list(store.put_before(time.time() - 60)) == []


def test_what_is_mapped_outlives_its_file(store: FolderStore) -> None:
    read = store.read(store.put(HEAD))
    assert store.remove(DIGEST, FOR_EVER)
    assert read == HEAD


def test_a_missing_file_is_named_with_a_way_on(store: FolderStore) -> None:
    with pytest.raises(BadStoredFile, match=f"{DIGEST} is missing, which a row names. Copy it here from a back-up"):
        store.read(DIGEST)


@pytest.mark.parametrize("damaged", [b"", HEAD[:-1], HEAD[:-1] + b"?"], ids=["empty", "cut off", "changed"])
def test_a_damaged_file_is_named_and_is_whole_once_its_content_is_put_again(store: FolderStore, damaged: bytes) -> None:
    store.put(HEAD)
    store.path(DIGEST).write_bytes(damaged)
    with pytest.raises(BadStoredFile, match=f"{DIGEST} is damaged: its SHA-256 is not its name. Copy it here"):
        store.read(DIGEST)
    store.put(HEAD)
    assert store.read(DIGEST) == HEAD


def test_a_full_disk_is_a_sentence_and_leaves_nothing(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageFailed, match="No space left on device; free some space and try again"):
            store.put(HEAD)
    assert files_of(store) == []
    assert store.read(store.put(HEAD)) == HEAD


def test_a_process_that_is_killed_while_it_writes_leaves_no_file_of_that_name(store: FolderStore) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(store.root)], input=HEAD, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    (unfinished,) = files_of(store)
    assert unfinished.startswith(f".{DIGEST}.") and list(store.put_before(FOR_EVER)) == []
    with pytest.raises(BadStoredFile, match="is missing"):
        store.read(DIGEST)
    assert store.read(store.put(HEAD)) == HEAD
    store.remove_unfinished(time.time() - 60)
    assert unfinished in files_of(store)  # somebody may be writing it
    store.remove_unfinished(FOR_EVER)
    assert files_of(store) == [DIGEST]


def test_what_was_put_meanwhile_is_not_removed(store: FolderStore) -> None:
    store.put(HEAD)
    before = time.time() - 60
    os.utime(store.path(DIGEST), (LONG_AGO, LONG_AGO))
    store.put(HEAD)  # after somebody listed it among the old ones
    assert not store.remove(DIGEST, before) and store.read(DIGEST) == HEAD
    os.utime(store.path(DIGEST), (LONG_AGO, LONG_AGO))
    assert store.remove(DIGEST, before) and not store.remove(DIGEST, before)
