"""Run by test_run_due_imports.py: takes up the due import and goes through it slowly, so that it can be killed."""

import time

import django

django.setup()

from clarify_errors.arrays.common.steps import after_each_step  # noqa: E402 - Django comes first
from clarify_errors.arrays.datasets.importing import shards  # noqa: E402
from worker.datasets import imports  # noqa: E402
from worker.queue import due_jobs  # noqa: E402

shards.SHARD_IMAGES = shards.BATCH_IMAGES = 4
due_jobs.TELL_EVERY_S = 0.0
with after_each_step(lambda: time.sleep(0.05)):
    imports.run_due_imports()
