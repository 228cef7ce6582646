"""Sweeps of due rows: batch after batch, until nothing is due. One bad row never takes its neighbours with it."""

import logging
import time
from collections.abc import Callable, Collection
from typing import Protocol

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from annotations.base.data_store.folder_store import BadStoredFile
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.arrays.datasets.importing.import_errors import StorageFailed
from worker.common.throttled_log import log_error_throttled
from worker.queue import worker_heartbeat
from worker.queue.failure_messages import is_foreseen, reason_of

_OF_STORAGE = (StorageFailed, BadStoredFile)  # a full disk, a bucket that is away: no row's fault either
_GIVEN_BACK_WITHIN_S = 30.0  # later another worker may have claimed the row, and counts on its number of attempts

logger = logging.getLogger(__name__)


class Claim(Protocol):
    def __call__(self, *, tried: Collection[int]) -> list[int]:
        """Take up due rows that are not in `tried`."""


class Fail(Protocol):
    def __call__(self, row: int, /, reason: str, *, final: bool) -> None:
        """Note that an attempt at a row failed; a final failure is not tried again."""


def sweep(work: Callable[[], int], what: str) -> None:
    """Run one task's sweep, and log how many of `what` it finished; a database that is away ends it quietly."""
    try:
        with after_each_step(worker_heartbeat.every_few_seconds(worker_heartbeat.touch_file)):
            count = work()
    except OperationalError as error:
        logger.warning("database did not answer, due rows are left to the next sweep: %s", type(error).__name__)
        return
    worker_heartbeat.touch()
    if count:
        logger.info("%d %s", count, what)


def drain(
    claim: Claim,
    work: Callable[[list[int]], Collection[int]],
    fail: Fail,
    give_back: Callable[[list[int]], object],
) -> int:
    """Claim and work until nothing is due; returns how many rows were finished.

    work: takes ids, returns those that it finished, all or none where it raises. A batch that raises is halved until
    the row that raises is alone: this keeps a poison row from its neighbours, and fits a batch to a full memory. A row
    that was not finished waits for the next drain. Raises OperationalError: the database's trouble is no row's fault,
    so the attempt is given back, unless a statement took too long, which may be the row's. Where the data store fails,
    it is given back too, and the rows wait.
    """
    finished = 0
    tried: set[int] = set()
    while ids := claim(tried=tried):
        claimed_at = time.monotonic()
        try:
            done = _attempt(ids, work, fail)
        except (OperationalError, *_OF_STORAGE) as error:
            is_late = time.monotonic() - claimed_at > _GIVEN_BACK_WITHIN_S
            if not is_late and not isinstance(error.__cause__, QueryCanceled):
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()  # the server may be back
                give_back(ids)
            if isinstance(error, OperationalError):
                raise
            log_error_throttled(f"due rows wait: {error}")
            return finished
        finished += len(done)
        tried.update(set(ids) - done)
        worker_heartbeat.touch()
    return finished


def _attempt(ids: list[int], work: Callable[[list[int]], Collection[int]], fail: Fail) -> set[int]:
    try:
        return set(work(ids))
    except (OperationalError, *_OF_STORAGE):
        raise
    except Exception as error:  # whatever a row makes the encoder or the solver raise, others go on
        if len(ids) == 1:
            if not is_foreseen(error):
                logger.exception("row %d failed on its own", ids[0])
            fail(ids[0], reason_of(error), final=isinstance(error, ModelingError))
            return set()
    middle = len(ids) // 2
    return _attempt(ids[:middle], work, fail) | _attempt(ids[middle:], work, fail)
