"""The queue `interactive`: phrases that somebody waits for, and between them what they are compared with."""

import logging
from typing import Any

from celery.signals import celeryd_after_setup
from django.db import OperationalError, connection

from annotations.services.queue import worker_wakeup
from clarify_site.celery import app
from worker.common import process_cache
from worker.phrases.scoring import score_due_phrases
from worker.phrases.vocabulary_levels import score_missing_vocabularies
from worker.queue.drain import sweep

logger = logging.getLogger(__name__)


@app.task(name=worker_wakeup.SCORE_PHRASES)
def score_phrases() -> None:
    """Score every due phrase."""
    sweep(score_due_phrases, "phrases scored")


@app.task(name=worker_wakeup.SCORE_VOCABULARIES)
def score_vocabularies() -> None:
    """Score what common words reach on tasks that lack it."""
    sweep(score_missing_vocabularies, "vocabulary levels scored")


@celeryd_after_setup.connect
def preload(**_: Any) -> None:
    """Before its first task, a worker loads the encoders of open studies, so that nobody waits for it."""
    try:
        process_cache.preload()
    except OperationalError as error:
        logger.warning("database did not answer, encoders will load with the first phrase: %s", type(error).__name__)
    finally:
        connection.close()
