"""Shards of imports that workers share: rows that say who embeds what (docs/decisions/0068).

`attempts` is the token of whoever holds a shard, as with jobs: what an earlier holder still writes changes nothing.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, Min, Q, Sum
from django.utils import timezone

from annotations.models import ImportShard
from annotations.queue import claims, worker_wakeup
from clarify_errors.arrays.datasets.importing.shards import Shard

LEASE = dt.timedelta(seconds=60)
HELPERS_TRY = 2  # a shard so often; then it is left to the worker that imports, which says what is wrong


class ShardLost(Exception):
    """Another worker holds the shard, or the import is over: stop, and write nothing more."""


@transaction.atomic
def share(directory: str, shards: Iterable[Shard]) -> None:
    """Have workers embed these shards of an import, and no others of it."""
    ImportShard.objects.filter(directory=directory).delete()
    rows = (ImportShard(directory=directory, number=s.number, digest=s.digest, count=s.count) for s in shards)
    ImportShard.objects.bulk_create(rows, batch_size=1000)
    worker_wakeup.dispatch_on_commit(worker_wakeup.EMBED_SHARDS)


def end(directory: str) -> None:
    """Have nobody embed shards of this import any more."""
    ImportShard.objects.filter(directory=directory).delete()


def shared_imports() -> list[str]:
    """Return the directories of imports of which a worker may take a shard up, the first one first."""
    due = _due().filter(attempts__lt=HELPERS_TRY)
    return list(due.values_list("directory", flat=True).annotate(first=Min("id")).order_by("first"))


def claim(directory: str, *, helps: bool) -> ImportShard | None:
    """Take up the next shard of an import; None where none is due. helps: for a worker that has not the import."""
    due = _due().filter(directory=directory).order_by("number")
    tried_less = due.filter(attempts__lt=HELPERS_TRY) if helps else due
    ids = claims.claim(tried_less, limit=1, lease=LEASE)
    if not ids:
        return None
    shard = ImportShard.objects.get(pk=ids[0])
    shard.n_done = 0  # what its last worker left unfinished is gone
    return shard


def renew(held: Iterable[ImportShard]) -> None:
    """Renew the leases of shards that are worked on, and store how far they are. Raises ShardLost."""
    for row in held:
        changed = _held(row).update(leased_until=timezone.now() + LEASE, n_done=row.n_done)
        if not changed:
            raise ShardLost(str(row))


def give_back(held: Iterable[ImportShard]) -> None:
    """Leave shards to others at once."""
    for row in held:
        _held(row).update(leased_until=None, n_done=0)


def n_embedded(directory: str) -> int:
    """Count the images of the shared shards that are embedded."""
    return ImportShard.objects.filter(directory=directory).aggregate(n=Sum("n_done"))["n"] or 0


def is_embedded(directory: str) -> bool:
    """Say whether all shared shards are done."""
    return not _unfinished().filter(directory=directory).exists()


def ended_its_workers(directory: str) -> ImportShard | None:
    """Return a shard that nobody takes up any more, since each worker that did so ended."""
    shard: ImportShard | None = _due().filter(directory=directory, attempts__gte=claims.MAX_ATTEMPTS).first()
    return shard


def _unfinished() -> Any:
    return ImportShard.objects.filter(n_done__lt=F("count"))


def _due() -> Any:
    return _unfinished().filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))


def _held(row: ImportShard) -> Any:
    return ImportShard.objects.filter(pk=row.pk, attempts=row.attempts)
