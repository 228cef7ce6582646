"""gunicorn's worker with threads, and one more for probes: they are answered when requests hold all the others."""

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

PROBES = (b"GET /livez ", b"GET /readyz ")


class ProbedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Looks at what a connection asks for before it chooses the thread; one that asks for nothing yet gets none."""

    def init_process(self) -> None:
        self.probes = ThreadPoolExecutor(1, "probes")
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        begun = _beginning(conn.sock)
        if begun is None and not conn.initialized:
            later: Future[Any] = Future()
            later.set_result(_DEFER)
            self.finish_request(conn, later)  # which waits for it beside all others
            return
        pool = self.probes if begun is not None and begun.startswith(PROBES) else self.tpool
        handled = pool.submit(self.handle, conn)
        handled.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))


def _beginning(asking: socket.socket) -> bytes | None:
    """Return the first bytes that have come and nobody has read, or None."""
    try:
        return asking.recv(max(map(len, PROBES)), socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return None
