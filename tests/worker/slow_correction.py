"""Run by test_killed_correction.py: takes up the due correction and trains it without end, so that it can be killed."""

import time
from typing import Any, NoReturn

import django

django.setup()

from worker import corrections  # noqa: E402 - Django comes first


def for_ever(*given: Any, **options: Any) -> NoReturn:
    while True:
        time.sleep(1)


corrections.solve = for_ever
corrections.train_due_corrections()
