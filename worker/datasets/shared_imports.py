"""Imports that workers share: the one that has the import, and others that help, claim shards and embed them.

A helper needs to see the images where the import sees them, and to have the same encoder; else it leaves them alone.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import OperationalError

from annotations.datasets import import_shards
from annotations.models import ImportShard
from annotations.queue import worker_wakeup
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.steps import after_each_step, step_done
from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.shards import Plan, Shard, embed_alone, embed_shards, read_plan
from worker.datasets.import_encoders import encoders_here
from worker.queue.failure_messages import is_foreseen
from worker.queue.worker_heartbeat import every_few_seconds

SHARED_FROM = 8  # shards: fewer are done before another worker has loaded the encoder
TURN_S = 20.0  # how long a helper takes up shards before other tasks of its queue have their turn
LEFT_ALONE_S = 600.0  # an import whose own worker gave no sign for so long, or that a helper could do nothing for
RENEW_EVERY_S = 1.0

logger = logging.getLogger(__name__)
left_alone_until: dict[str, float] = {}  # by directory: until when


def embed_shared(plan: Plan, encoders: Encoders, n_processes: int, progress: Progress) -> None:
    """Embed the shards of an import together with whichever workers help; few shards as `embed_alone` does."""
    waiting = plan.waiting
    if len(waiting) < SHARED_FROM:
        return embed_alone(plan, encoders, n_processes, progress)
    directory = plan.directory.relative_to(settings.DATA_ROOT).as_posix()
    before = plan.count - sum(shard.count for shard in waiting)

    def tell() -> None:
        plan.touch()
        progress("embedding", before + import_shards.n_embedded(directory), plan.count)

    import_shards.share(directory, waiting)
    try:
        tell()
        while not import_shards.is_embedded(directory):
            held = _Held(plan, directory, n_processes, helps=False, then=tell)
            try:
                held.embed(encoders)
            except import_shards.ShardLost:
                logger.warning("a step took longer than the lease of a shard of %s", directory)
            if not held.n_done:
                if shard := import_shards.ended_its_workers(directory):
                    raise ImportRefused(f"Each worker that took up {shard} ended. See their logs.")
                time.sleep(RENEW_EVERY_S)  # others are at the last ones
                step_done()
            tell()
    finally:
        import_shards.end(directory)


def help_with_shards() -> int:
    """Embed shards of an import that another worker is at, for TURN_S; return how many. Raises OperationalError."""
    for directory in import_shards.shared_imports():
        if time.monotonic() >= left_alone_until.get(directory, 0.0) and (n := _help(directory)):
            worker_wakeup.send(worker_wakeup.EMBED_SHARDS)  # behind what waits meanwhile
            return n
    return 0


@dataclass
class _Held:
    """The shards of an import that this process holds, and how many it has done. then: called with each renewal."""

    plan: Plan
    directory: str
    n_processes: int
    helps: bool
    until: float = float("inf")
    then: Callable[[], None] = lambda: None
    n_done: int = 0
    rows: dict[int, ImportShard] = field(default_factory=dict)

    def embed(self, encoders: Encoders) -> None:
        """Claim and embed shards until none is due or the turn is over. Raises ShardLost; else as `embed_shards`."""
        with after_each_step(every_few_seconds(self._renew, RENEW_EVERY_S)):
            try:
                embed_shards(self.plan, self._claimed(), encoders, self.n_processes, self._told)
            finally:
                import_shards.give_back(self.rows.values())

    def _claimed(self) -> Iterator[Shard]:
        while time.monotonic() < self.until and (row := import_shards.claim(self.directory, helps=self.helps)):
            self.rows[row.number] = row
            shard = next(iter(self.plan.shards[row.number : row.number + 1]), None)
            if shard is None or shard.digest != row.digest:  # the import began anew, with another list
                raise import_shards.ShardLost(str(row))
            if shard.is_done:  # its worker ended before it could say so
                self._told(shard, shard.count)
            else:
                yield shard

    def _told(self, shard: Shard, n: int) -> None:
        row = self.rows[shard.number]
        row.n_done += n
        if row.n_done == shard.count:
            import_shards.renew([row])
            del self.rows[shard.number]
            self.n_done += 1

    def _renew(self) -> None:
        import_shards.renew(self.rows.values())
        self.then()


def _help(directory: str) -> int:
    try:
        plan = read_plan(Path(settings.DATA_ROOT / directory))
        if time.time() - plan.touched_at > LEFT_ALONE_S:
            return 0
        held = _Held(plan, directory, settings.IMPORT_PROCESSES, helps=True, until=time.monotonic() + TURN_S)
        held.embed(encoders_here(plan))
    except import_shards.ShardLost as lost:
        logger.info("%s is another worker's, or its import is over", lost)
    except OperationalError:
        raise
    except Exception as error:  # the worker that imports meets it too where it is the data's fault, and says so
        if not is_foreseen(error):
            logger.exception("helping with %s failed", directory)
        logger.warning("%s is left to other workers: %s", directory, error)
        left_alone_until[directory] = time.monotonic() + LEFT_ALONE_S
        return 0
    return held.n_done
