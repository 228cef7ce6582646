import pytest
from django.db import connection, transaction

from annotations.models import Phrase, PhraseState
from annotations.phrases import scoring
from annotations.queue.claims import MAX_ATTEMPTS
from tests.support.steps import submit


@pytest.fixture
def dataset(alice):
    return alice.assignment.task.base_model.dataset


def tried(phrase, attempts):
    Phrase.objects.filter(pk=phrase.pk).update(attempts=attempts)


def test_due_phrases_are_taken_up_oldest_first_and_counted(alice, dataset):
    made = [submit(alice, text) for text in ("one", "two", "three")]
    assert scoring.claim_phrases(dataset, limit=2) == [made[0].pk, made[1].pk]
    assert list(Phrase.objects.values_list("attempts", flat=True)) == [1, 1, 0]


def test_phrases_that_were_tried_as_often_go_together(alice, dataset):
    first, second, third = [submit(alice, text) for text in ("one", "two", "three")]
    tried(second, 1)
    assert scoring.claim_phrases(dataset) == [first.pk, third.pk]
    assert scoring.claim_phrases(dataset) == [first.pk, second.pk, third.pk]


def test_after_one_attempt_a_batch_is_the_root_of_a_full_one_and_after_two_a_phrase_goes_alone(alice, dataset):
    made = [submit(alice, text) for text in ("one", "two", "three", "four", "five")]
    Phrase.objects.update(attempts=1)
    assert scoring.claim_phrases(dataset, limit=4) == [made[0].pk, made[1].pk]
    assert scoring.claim_phrases(dataset, limit=4) == [made[0].pk]
    assert scoring.claim_phrases(dataset, limit=3, tried={made[0].pk}) == [made[1].pk]


@pytest.mark.parametrize("place", [0, 7, 15])
def test_a_phrase_that_kills_its_worker_is_found_in_few_batches_and_no_other_phrase_fails(alice, dataset, place):
    made = [submit(alice, f"phrase {number}").pk for number in range(16)]
    poison, batches = made[place], []
    while ids := scoring.claim_phrases(dataset, limit=16):
        batches.append(len(ids))
        if poison not in ids:
            Phrase.objects.filter(pk__in=ids).delete()  # it got its score
    assert sorted(batches) == [1] * (MAX_ATTEMPTS - 2 + 3) + [4] * 4 + [16]
    assert list(Phrase.objects.values_list("pk", "attempts")) == [(poison, MAX_ATTEMPTS)]


def test_what_was_tried_in_this_drain_is_left_for_the_next(alice, dataset):
    first, second = submit(alice, "one"), submit(alice, "two")
    assert scoring.claim_phrases(dataset, tried={first.pk}) == [second.pk]


def test_nothing_due_is_nothing_taken_up(dataset):
    assert scoring.claim_phrases(dataset) == []


def test_the_last_attempt_that_ended_its_worker_fails_the_phrase(alice, dataset):
    phrase = submit(alice)
    tried(phrase, MAX_ATTEMPTS)
    assert scoring.claim_phrases(dataset) == []
    assert scoring.fail_exhausted_phrases() == 1
    phrase.refresh_from_db()
    assert phrase.state == PhraseState.FAILED
    assert "worker stopped 5 times" in phrase.last_error


def test_a_failed_attempt_leaves_the_phrase_due_until_the_last(alice):
    phrase = submit(alice)
    tried(phrase, MAX_ATTEMPTS - 1)
    scoring.fail_phrase(phrase.pk, "RuntimeError: no memory", final=False)
    phrase.refresh_from_db()
    assert (phrase.state, phrase.last_error) == (PhraseState.PENDING, "RuntimeError: no memory")
    tried(phrase, MAX_ATTEMPTS)
    scoring.fail_phrase(phrase.pk, "RuntimeError: no memory", final=False)
    phrase.refresh_from_db()
    assert phrase.state == PhraseState.FAILED


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_holds_is_passed_over(alice, dataset):
    held, free = submit(alice, "one"), submit(alice, "two")
    tried(held, MAX_ATTEMPTS)
    other = connection.copy()
    try:
        with transaction.atomic():
            assert [phrase.pk for phrase in scoring.lock_phrases([held.pk])] == [held.pk]
            with other.cursor() as cursor:
                cursor.execute("SELECT id FROM annotations_phrase ORDER BY id FOR UPDATE SKIP LOCKED")
                assert cursor.fetchall() == [(free.pk,)]
    finally:
        other.close()
