"""Run by test_corrections.py: takes up the due correction and never ends training it, so that it can be killed."""

import time
from typing import Any, NoReturn

import django

django.setup()

from worker.retraining import corrections  # noqa: E402 - Django comes first


def for_ever(*given: Any) -> NoReturn:
    while True:
        time.sleep(1)


corrections.solve = for_ever  # type: ignore[assignment]
corrections.train_due_corrections()
