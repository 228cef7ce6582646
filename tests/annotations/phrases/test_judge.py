import pytest

from annotations.base.service_errors import AssignmentNotActive, PhraseNotScored
from annotations.models import Event, Judgement, JudgementAnswer
from annotations.phrases import replies
from tests.support.actors import Visit
from tests.support.steps import end, submit, submit_and_score


def test_the_answer_is_stored_with_the_phrase(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    replies.judge(phrase, JudgementAnswer.NO)
    judgement = Judgement.objects.get()
    assert (judgement.phrase, judgement.answer) == (phrase, "no")


def test_another_answer_takes_its_place_and_both_are_in_the_log(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    for answer in (JudgementAnswer.NO, JudgementAnswer.YES):
        replies.judge(phrase, answer)
    assert Judgement.objects.get().answer == "yes"
    logged = Event.objects.filter(kind="phrase_judged").order_by("pk")
    key = f"{phrase.assignment.public_id} / 1"
    assert [event.payload["changed_rows"]["judgement"][key]["answer"] for event in logged] == ["no", "yes"]


def test_a_phrase_without_a_score_cannot_be_judged(alice: Visit) -> None:
    with pytest.raises(PhraseNotScored):
        replies.judge(submit(alice), JudgementAnswer.YES)


def test_after_the_end_nothing_is_judged(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    end(alice)
    with pytest.raises(AssignmentNotActive):
        replies.judge(phrase, JudgementAnswer.YES)
