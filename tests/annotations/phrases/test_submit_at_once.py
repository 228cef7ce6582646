"""Phrases that come at once, and a process that dies between the commit and the message to the workers."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotations.base.service_errors import TooManyPhrases
from annotations.models import Phrase
from annotations.phrases import phrase_submission
from annotations.queue import worker_wakeup
from tests.support.steps import submit
from worker.phrases.scoring import score_due_phrases

UUID = uuid.UUID(int=7)


@pytest.mark.django_db(transaction=True)
def test_a_phrase_whose_process_dies_between_commit_and_dispatch_is_due(alice, monkeypatch):
    def die(task_name: str) -> None:
        raise SystemExit

    monkeypatch.setattr(worker_wakeup, "send", die)
    with pytest.raises(SystemExit):
        submit(alice)
    assert score_due_phrases() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_submits_at_once_with_one_uuid_make_one_row(alice):
    def submit_one(_: int) -> tuple[int, bool]:
        try:
            phrase, created = phrase_submission.submit(alice.assignment, client_uuid=UUID, text="red")
            return phrase.pk, created
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(submit_one, range(20)))
    assert len({pk for pk, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1
    assert Phrase.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_submits_at_once_never_exceed_the_limit(alice):
    alice.assignment.task.max_phrases = 3
    alice.assignment.task.save()

    def submit_one(number: int) -> bool:
        try:
            submit(alice, f"phrase {number}")
        except TooManyPhrases:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(submit_one, range(12))) == 3
    assert sorted(Phrase.objects.values_list("ordinal", flat=True)) == [1, 2, 3]
