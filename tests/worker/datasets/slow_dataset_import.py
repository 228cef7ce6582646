"""Run by test_run_due_imports.py: takes up the due import and goes through it slowly, so that it can be killed."""

import time

import django

django.setup()

from modeling.arrays.datasets.importing import partial  # noqa: E402 - Django comes first
from worker.datasets import imports  # noqa: E402

partial.BATCH_IMAGES = 4
imports._TELL_EVERY_S = 0.0
_tell = imports._Tell.__call__


def slowly(self: imports._Tell, stage: str, done: int, total: int) -> None:
    _tell(self, stage, done, total)
    time.sleep(0.05 if stage == "embedding" else 0)


imports._Tell.__call__ = slowly  # type: ignore[method-assign]
imports.run_due_imports()
