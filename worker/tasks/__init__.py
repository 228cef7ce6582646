"""The tasks of each queue, in a module of its name: a worker loads those of its queues, and nothing that others need.

None takes an argument: each drains all rows that are due. A delivery too many finds nothing due, one too few is made
up for by the sweeper (settings.CELERY_BEAT_SCHEDULE). The names stand in annotations.services.queue.worker_wakeup.
"""

from worker.queue import worker_process

__all__ = ["worker_process"]  # its handlers are every worker's
