"""A running site with a scoring worker's batches in a thread beside it."""

from collections.abc import Iterator

import pytest
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study
from tests.support.steps import workers
from worker.phrases.scoring import score_due_phrases


@pytest.fixture
def site(live_server: LiveServer, open_study: Study) -> str:
    """Where the open study's pages answer."""
    return str(live_server.url)


@pytest.fixture
def scoring(transactional_db: None) -> Iterator[None]:
    """Phrases are scored as they come, as by a worker."""
    with workers(score_due_phrases):
        yield
