"""Run by test_shared_imports.py: helps slowly with the shards of imports that other workers are at."""

import time

import django

django.setup()

from clarify_errors.arrays.common.steps import after_each_step  # noqa: E402 - Django comes first
from clarify_errors.arrays.datasets.importing import shards  # noqa: E402
from worker.datasets import shared_imports  # noqa: E402

shards.BATCH_IMAGES = 4
with after_each_step(lambda: time.sleep(0.05)):
    while True:
        if n := shared_imports.help_with_shards():
            print(n, flush=True)
        time.sleep(0.02)
