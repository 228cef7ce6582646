"""Loaded into a training worker by test_killed_worker.py: it stops for ever when a batch's first result is stored.

It then makes a file `storing` in the folder that STORING_GATE names. The transaction of the batch is open, so that a
worker that is killed now has computed everything and committed nothing.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from annotations.models import Run
from annotations.runs import retraining as runs

_store_run = runs.store_run


def store_run_and_stop(run: Run, columns: Mapping[str, Any], **trained: Any) -> NoReturn:
    assert _store_run(run, columns, **trained)
    Path(os.environ["STORING_GATE"], "storing").touch()
    while True:
        time.sleep(1)


runs.store_run = store_run_and_stop
