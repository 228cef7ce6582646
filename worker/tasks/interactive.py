"""The queue `interactive`: phrases that somebody waits for, and between them what they are compared with."""

import logging
from typing import Any

from celery.signals import celeryd_after_setup
from django.db import OperationalError, connection

from annotations.queue import worker_wakeup
from worker.common import process_cache
from worker.phrases.scoring import score_due_phrases, score_missing_vocabularies
from worker.tasks import task

logger = logging.getLogger(__name__)


score_phrases = task(worker_wakeup.SCORE_PHRASES, (score_due_phrases, "phrases scored"))
score_vocabularies = task(worker_wakeup.SCORE_VOCABULARIES, (score_missing_vocabularies, "vocabulary levels scored"))


@celeryd_after_setup.connect
def preload(**_: Any) -> None:
    """Before its first task, a worker loads the encoders of open studies, so that nobody waits for it."""
    try:
        process_cache.preload()
    except OperationalError as error:
        logger.warning("database did not answer, encoders will load with the first phrase: %s", type(error).__name__)
    finally:
        connection.close()
