"""A reply is stored once however often it comes, and an older one never takes the place of a newer one."""

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from annotations.base.service_errors import AssignmentNotActive, ClientUuidReused
from annotations.models import Event, Judgement, JudgementAnswer, Phrase, Reply, ReplyKind, Score, ThresholdChoice
from annotations.phrases import replies
from annotations.phrases.replies import Act
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score

YES, NO, UNSURE = JudgementAnswer.YES, JudgementAnswer.NO, JudgementAnswer.UNSURE
MINUTE = dt.timedelta(minutes=1)


def scored(visit: Visit) -> Phrase:
    """A phrase that was scored an hour ago."""
    (phrase,) = submit_and_score(visit, "dark")
    Score.objects.update(scored_at=timezone.now() - 60 * MINUTE)
    return phrase


def counts() -> str:
    return Judgement.objects.get().answer


def test_the_same_act_again_returns_what_counts_and_changes_nothing(alice: Visit) -> None:
    phrase, first = scored(alice), Act()
    before = replies.judge(phrase, NO, first)
    assert replies.judge(phrase, NO, first) == before
    replies.judge(phrase, YES)
    assert replies.judge(phrase, NO, first).answer == YES
    assert [reply.said for reply in Reply.objects.all()] == ["no", "yes"]
    assert Event.objects.filter(kind="phrase_judged").count() == 2


def test_the_same_act_again_is_answered_after_the_end_and_another_one_is_not(alice: Visit) -> None:
    phrase, act = scored(alice), Act()
    replies.choose_threshold(phrase, None, act)
    end(alice)
    assert replies.choose_threshold(phrase, None, act) == ThresholdChoice.objects.get()
    with pytest.raises(AssignmentNotActive):
        replies.choose_threshold(phrase, None, Act())


def test_one_uuid_does_not_say_two_things(alice: Visit) -> None:
    phrase, act = scored(alice), Act()
    replies.judge(phrase, NO, act)
    with pytest.raises(ClientUuidReused):
        replies.judge(phrase, YES, act)
    replies.choose_threshold(phrase, None, act)  # of another form it is another reply
    assert counts() == NO


def test_a_kept_reply_that_was_made_before_the_one_that_counts_is_stored_and_takes_no_effect(alice: Visit) -> None:
    phrase = scored(alice)
    replies.judge(phrase, YES, Act(ago=MINUTE))
    replies.judge(phrase, NO, Act(ago=2 * MINUTE))
    assert counts() == YES
    assert [(reply.said, reply.took_effect) for reply in Reply.objects.all()] == [("yes", True), ("no", False)]
    assert Event.objects.filter(kind="phrase_judged").count() == 1


def test_a_kept_reply_that_was_made_later_counts_though_its_page_knew_nothing_of_the_other(alice: Visit) -> None:
    phrase = scored(alice)
    replies.judge(phrase, YES, Act(ago=2 * MINUTE))
    assert replies.judge(phrase, NO, Act(ago=MINUTE)).answer == NO


def test_a_reply_that_follows_the_one_that_counts_takes_its_place_whatever_the_clocks_say(alice: Visit) -> None:
    phrase, first = scored(alice), Act()
    before = replies.judge(phrase, YES, first).answered_at
    after = replies.judge(phrase, NO, Act(follows=first.client_uuid, ago=MINUTE))
    assert (after.answer, after.answered_at) == (NO, before)


def test_a_reply_that_follows_one_that_counts_no_more_is_compared_by_time(alice: Visit) -> None:
    phrase, first = scored(alice), Act(ago=3 * MINUTE)
    replies.judge(phrase, YES, first)
    replies.judge(phrase, NO, Act(follows=first.client_uuid, ago=MINUTE))
    replies.judge(phrase, UNSURE, Act(follows=first.client_uuid, ago=2 * MINUTE))
    assert counts() == NO


@pytest.mark.parametrize(("ago", "expected"), [(10_000 * MINUTE, -60), (-MINUTE, 0)])
def test_a_reply_is_no_older_than_its_score_and_never_of_the_future(
    alice: Visit, ago: dt.timedelta, expected: int
) -> None:
    replies.judge(scored(alice), YES, Act(ago=ago))
    reply = Reply.objects.get()
    assert round((reply.made_at - reply.received_at) / MINUTE) == expected
    assert Judgement.objects.get().answered_at == reply.made_at


def test_a_choice_and_an_answer_do_not_come_between_each_other(alice: Visit) -> None:
    phrase = scored(alice)
    replies.judge(phrase, YES)
    assert replies.choose_threshold(phrase, None, Act(ago=MINUTE)) == ThresholdChoice.objects.get()
    assert Reply.objects.get(kind=ReplyKind.THRESHOLD).took_effect


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_with_one_uuid_one_is_stored(alice: Visit) -> None:
    phrase, act = scored(alice), Act()
    at_once([lambda: replies.judge(phrase, NO, act)] * 12)
    assert Reply.objects.get().said == "no"
    assert Event.objects.filter(kind="phrase_judged").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_devices_at_once_the_later_act_counts_whichever_comes_first(alice: Visit) -> None:
    key = uuid.uuid4()
    phrases = submit_and_score(alice, "dark", "blue", "small", "big", "tilted", "left", "pale", "bright")
    Score.objects.update(scored_at=timezone.now() - 60 * MINUTE)
    for phrase in phrases:
        replies.judge(phrase, UNSURE, Act(key, ago=9 * MINUTE))
        late = partial(replies.judge, phrase, NO, Act(ago=5 * MINUTE))
        newer = partial(replies.judge, phrase, YES, Act(ago=MINUTE))
        at_once([late, newer])
        assert phrase.judgement.answer == YES
        assert phrase.replies.count() == 3


def at_once(acts: list[Callable[[], object]]) -> None:
    """Do all, each in a thread with a connection of its own."""

    def do(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(do, acts))
