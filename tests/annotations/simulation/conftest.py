"""A running site with a scoring worker's batches in a thread beside it."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study
from worker.scoring import score_due_phrases


@pytest.fixture
def site(live_server: LiveServer, open_study: Study) -> str:
    """Where the open study's pages answer."""
    return str(live_server.url)


@pytest.fixture
def scoring(transactional_db: None) -> Iterator[None]:
    """Phrases are scored as they come, as by a worker."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            score_due_phrases()
            over.wait(0.05)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    yield
    over.set()
    worker.join()
