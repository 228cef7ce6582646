"""Imports embedded by a Ray cluster: each task embeds some shards and leaves files (docs/decisions/0075).

Nodes see the images and DATA_ROOT under the same paths as the process that imports, and have the same versions of
Clarify and its libraries. They import nothing of Django: this module is all that they run.
"""

import importlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.shards import Plan, embed_shards, read_plan
from worker.datasets.import_encoders import encoders_here

TASK_SHARDS = 16  # at most: a task starts its decoders anew; of a node that is lost, all but two shards stay done
TASKS_A_SLOT = 4  # at least, so that slots become idle together
RETRIES = 4  # of a task whose node or process ends
ANSWERS_WITHIN_S = 10.0
POLL_S = 1.0
SILENT_S = 600.0  # a cluster that finishes no shard for so long is stuck


def embed_on_ray(address: str, plan: Plan, encoders: Encoders, n_processes: int, progress: Progress) -> None:
    """Have the nodes of a Ray cluster embed all shards that are not done.

    address: "" for the cluster that this machine belongs to, or else one of this machine alone. The lease of who
    imports is renewed from here, which gives up where no shard is finished for SILENT_S. Raises ImportRefused, and what
    `embed_shards` raises on a node.
    """
    with _cluster(address) as ray:
        try:
            _embed(ray, plan, n_processes, progress)
        except ray.exceptions.RayTaskError as failed:
            raise failed.cause from failed
        except ray.exceptions.RayError as error:
            raise ImportRefused(f"the Ray cluster gave shards up: {_line(error)}") from error


def embed_some(directory: str, numbers: Sequence[int], n_processes: int) -> None:
    """Embed those of some shards that are not done. A node calls this, again where another one was lost with it."""
    try:
        plan = read_plan(Path(directory))
    except OSError as error:
        raise ImportRefused(f"{directory} is not seen from the machine {socket.gethostname()}") from error
    waiting = (plan.shards[number] for number in numbers if not plan.shards[number].is_done)
    embed_shards(plan, waiting, encoders_here(plan), n_processes, lambda shard, n: None)


def _require_port(address: str) -> None:
    """Ask whether something listens at an address: Ray itself would try for minutes. Raises ImportRefused."""
    parts = urlsplit(f"//{address.partition('://')[2] or address}")
    try:
        if parts.port:
            socket.create_connection((parts.hostname or "", parts.port), ANSWERS_WITHIN_S).close()
    except OSError as error:
        raise ImportRefused(f"there is no Ray cluster at {address}: {error.strerror or error}") from error


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Give the module ray, joined to a cluster; in the end, what still runs there for this process is ended."""
    _require_port(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray: Any = importlib.import_module("ray")
    except ModuleNotFoundError as error:
        raise ImportRefused("the engine ray needs the package ray: install Clarify's extra `cluster`") from error
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address or None, include_dashboard=False, log_to_driver=False, logging_level="WARNING")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ImportRefused(f"no Ray cluster could be joined at {address or 'this machine'}: {_line(error)}") from error
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, on_sigterm)  # Ray's would end a worker that is to stop after its task
        yield ray
    finally:
        ray.shutdown()


def _embed(ray: Any, plan: Plan, n_processes: int, progress: Progress) -> None:
    waiting = plan.waiting
    cpus, gpus, slots = _slots(ray, n_processes)
    # A process keeps its encoder from task to task; of tasks with a GPU, Ray would end it after each.
    resources = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": RETRIES, "max_calls": 0}
    task = ray.remote(**resources)(embed_some)
    size = max(1, min(TASK_SHARDS, len(waiting) // (slots * TASKS_A_SLOT)))
    numbers = [shard.number for shard in waiting]
    groups = (numbers[start : start + size] for start in range(0, len(numbers), size))
    running = [task.remote(str(plan.directory), group, cpus) for group in groups]
    moved_at = time.monotonic()
    while waiting:
        progress("embedding", plan.count - sum(shard.count for shard in waiting), plan.count)
        time.sleep(POLL_S)
        ended, running = ray.wait(running, num_returns=len(running), timeout=0) if running else ([], [])
        ray.get(ended)  # raises what a task met
        left = [shard for shard in waiting if not shard.is_done]
        if len(left) < len(waiting):
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > SILENT_S:
            raise ImportRefused(f"the Ray cluster has finished no shard for {SILENT_S:.0f} s; its logs say why")
        waiting = left
    progress("embedding", plan.count, plan.count)


def _slots(ray: Any, n_processes: int) -> tuple[int, int, int]:
    """CPUs and GPUs of a task, and how many tasks run at the same time: on a cluster with GPUs, one for each."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = int(any("GPU" in node for node in nodes))
    nodes = [node for node in nodes if node.get("CPU", 0) >= 1 and node.get("GPU", 0) >= gpus]
    if not nodes:
        raise ImportRefused("no node of the Ray cluster has a CPU (and, where the cluster has GPUs, a GPU)")
    cpus = max(1, min(n_processes, *(int(node["CPU"] // max(node.get("GPU", 1), 1)) for node in nodes)))
    return cpus, gpus, sum(int(node["GPU"] if gpus else node["CPU"] // cpus) for node in nodes)


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
