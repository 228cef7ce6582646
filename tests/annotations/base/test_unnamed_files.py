"""Files of the data store go with their last row, and no file that a row names does."""

import datetime as dt
import threading

import pytest
from django.db import connections
from django.utils import timezone

from annotations.base import unnamed_files
from annotations.base.data_store.folder_store import FolderStore
from annotations.base.unnamed_files import GRACE
from annotations.models import BaseModel, Correction, Run
from annotations.visits import erasure
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run

LATER = GRACE + dt.timedelta(minutes=1)


def sweep() -> int:
    return unnamed_files.remove(timezone.now() + LATER)


def is_there(store: FolderStore, digest: str) -> bool:
    return store.path(digest).exists()


@pytest.fixture
def shared(alice: Visit, bob: Visit, own_store: FolderStore) -> tuple[str, str]:
    """The digest of a head that alice and bob share, and of one that is alice's alone."""
    said = ((alice, "a"), (alice, "b"), (bob, "a"))
    hers, too, his = (add_run(add_phrase(who, words, 0.5), 0.5) for who, words in said)
    Run.objects.filter(pk__in=[hers.pk, his.pk]).update(head=b"of both")
    Run.objects.filter(pk=too.pk).update(head=b"of alice")
    ours, own = (Run.objects.get(pk=run.pk).head for run in (his, too))
    assert ours and own
    return ours.digest, own.digest


def test_what_no_row_names_goes_after_a_while(base_model: BaseModel, own_store: FolderStore) -> None:
    BaseModel.objects.update(head=b"of a base model")
    unnamed, named = own_store.put(b"of a killed worker"), unnamed_files.named()
    assert named and unnamed_files.remove(timezone.now()) == 0 and is_there(own_store, unnamed)
    assert sweep() == 1 and not is_there(own_store, unnamed)
    assert all(is_there(own_store, digest) for digest in named)


def test_the_files_of_the_erased_go_unless_somebody_else_has_them(
    alice: Visit, shared: tuple[str, str], own_store: FolderStore
) -> None:
    sweep()
    assert [is_there(own_store, digest) for digest in shared] == [True, True]
    withdraw(alice.session)
    erasure.erase_due(timezone.now())
    sweep()
    assert [is_there(own_store, digest) for digest in shared] == [True, False]
    assert bytes(Run.objects.get().head or b"") == b"of both"


def test_the_head_of_a_correction_that_is_undone_goes(open_study: object, own_store: FolderStore, alice: Visit) -> None:
    study, base_model = alice.session.study, alice.assignment.task.base_model
    Correction.objects.create(study=study, base_model=base_model, requested_by="ana", head=b"names phrases")
    head = Correction.objects.get().head
    assert head is not None and sweep() == 0 and is_there(own_store, head.digest)
    Correction.objects.update(head=None)
    assert sweep() == 1 and not is_there(own_store, head.digest)


@pytest.mark.django_db(transaction=True)
def test_nothing_goes_while_a_back_up_is_made(own_store: FolderStore) -> None:
    unnamed, began, ends = own_store.put(b"of a row that was deleted meanwhile"), threading.Event(), threading.Event()

    def back_up() -> None:
        with unnamed_files.kept():
            began.set()
            ends.wait(60)
        connections.close_all()

    thread = threading.Thread(target=back_up)
    thread.start()
    assert began.wait(60)
    kept = sweep(), is_there(own_store, unnamed)
    ends.set()
    thread.join()
    assert kept == (0, True)
    assert sweep() == 1 and not is_there(own_store, unnamed)
