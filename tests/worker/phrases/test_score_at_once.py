"""Several workers at once score each phrase once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotations.models import Score
from annotations.phrases import scoring
from tests.support.steps import submit
from worker.phrases.scoring import score_due_phrases


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_score_each_phrase_once(alice, bob):
    for number in range(15):
        submit(alice, f"red {number}")
        submit(bob, f"blue {number}")

    def work(_: int) -> int:
        try:
            return score_due_phrases()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    score_due_phrases()  # what one passed over while another held it
    assert Score.objects.count() == 30
    assert not scoring.due_datasets()
