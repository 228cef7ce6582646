"""A row holds the digest of a file: it is written before the row, and read when somebody asks for it."""

import hashlib
import os
import time

import pytest
from django.db import connection, transaction

from annotations.base.data_store.folder_store import BadStoredFile, FolderStore
from annotations.base.data_store.stored_files import StoredFile, data_store
from annotations.models import BaseModel

HEAD = b"the head of another base model"
DIGEST = hashlib.sha256(HEAD).hexdigest()


@pytest.fixture
def another(base_model: BaseModel) -> BaseModel:
    base_model.pk, base_model.name, base_model.head = None, "another", HEAD
    base_model.save(force_insert=True)
    return BaseModel.objects.get(pk=base_model.pk)


def stored_head(of: BaseModel) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT head FROM annotations_basemodel WHERE id = %s", [of.pk])
        return str(cursor.fetchone()[0])


def test_the_row_has_the_digest_and_the_file_the_content(another: BaseModel) -> None:
    assert stored_head(another) == DIGEST
    assert another.head == StoredFile(DIGEST) and bytes(another.head) == HEAD


def test_a_row_is_read_without_its_files(another: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: FolderStore, digest: str) -> memoryview:
        raise AssertionError("a file was read")

    monkeypatch.setattr(FolderStore, "read", refuse)
    assert BaseModel.objects.filter(head=another.head).get() == another
    BaseModel.objects.exclude(pk=another.pk).update(head=another.head)
    assert {stored_head(each) for each in BaseModel.objects.all()} == {DIGEST}


@pytest.mark.usefixtures("another")
def test_every_way_to_store_a_row_writes_the_file_first(base_model: BaseModel, own_store: FolderStore) -> None:
    contents = [b"of update", b"of bulk_update", b"of bulk_create", b"of save"]
    BaseModel.objects.filter(name="another").update(head=contents[0])
    row = BaseModel.objects.exclude(name="another").get()
    row.head = contents[1]
    BaseModel.objects.bulk_update([row], ["head"])
    row.pk, row.name, row.head = None, "third", contents[2]
    BaseModel.objects.bulk_create([row])
    row.pk, row.name, row.head = None, "fourth", contents[3]
    row.save()
    stored = set(BaseModel.objects.values_list("head", flat=True))
    assert stored == {StoredFile(hashlib.sha256(content).hexdigest()) for content in contents}
    assert {bytes(file) for file in stored if file} == {*contents}


def test_a_row_names_no_file_that_was_removed_meanwhile(base_model: BaseModel, own_store: FolderStore) -> None:
    file = StoredFile(own_store.put(HEAD))  # as a row had it that was read
    os.utime(own_store.path(DIGEST), (1e9, 1e9))
    BaseModel.objects.update(head=file)
    assert list(own_store.put_before(1.5e9)) == []  # it counts as new
    own_store.remove(DIGEST, 4e9)
    with pytest.raises(BadStoredFile, match="is missing, which a row should name"):
        BaseModel.objects.update(head=file)


def test_a_file_that_was_put_a_moment_ago_is_not_looked_for_again(
    base_model: BaseModel, own_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed: list[str] = []
    monkeypatch.setattr(FolderStore, "renew", lambda self, digest: renewed.append(digest))
    BaseModel.objects.update(head=StoredFile.of(HEAD))
    assert renewed == []
    BaseModel.objects.update(head=BaseModel.objects.get().head)
    BaseModel.objects.update(head=StoredFile(DIGEST, put_at=time.monotonic() - 3600))
    assert renewed == [DIGEST, DIGEST]


def test_a_transaction_that_is_rolled_back_leaves_the_file_alone(base_model: BaseModel, own_store: FolderStore) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        BaseModel.objects.update(head=HEAD)
        raise ZeroDivisionError
    assert not BaseModel.objects.filter(head=StoredFile(DIGEST)).exists()
    assert data_store().read(DIGEST) == HEAD
