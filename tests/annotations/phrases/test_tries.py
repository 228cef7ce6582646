"""How many phrases somebody has tried: what the null level of a score goes by."""

import uuid

from django.utils import timezone

from annotations.models import Assignment, Phrase, Task
from annotations.phrases import assignments, scoring
from annotations.visits import sessions
from clarify_errors.arrays.phrases.error_score import null_level
from tests.support import actors
from tests.support.steps import end, submit, submit_and_score


def tries() -> list[int]:
    """Of each phrase, in the order they came."""
    return list(scoring.tries(Phrase.objects.order_by("submitted_at", "pk")).values())


def test_each_distinct_phrase_is_a_try_and_the_same_again_is_none(alice):
    for text in ("red", "blue", " red ", "no red", "blue", "dark"):
        submit(alice, text)
    assert tries() == [1, 2, 2, 3, 3, 4]


def test_phrases_of_others_do_not_count(alice, bob):
    for text in ("red", "blue"):
        submit(alice, text)
    submit(bob, "dark")
    assert tries() == [1, 2, 1]


def test_phrases_of_an_earlier_visit_for_the_same_class_count(alice):
    submit(alice, "red")
    end(alice)
    session = sessions.enter(
        alice.session.study,
        participant_id=alice.external_ids["PROLIFIC_PID"],
        study_id=alice.external_ids["STUDY_ID"],
        session_id="alice-later-visit",
    )
    sessions.give_consent(session)
    session = actors.pass_check(actors.do_tutorial(session))
    again = actors.Visit(session, assignments.start(session.assignments.get()), alice.client, alice.external_ids)
    submit(again, "red")
    submit(again, "dark")
    assert again.participant == alice.participant
    assert tries() == [1, 1, 2]


def test_phrases_for_another_class_or_base_model_do_not_count(alice):
    submit(alice, "red")
    study, base_model = alice.session.study, alice.assignment.task.base_model
    other_model = actors.store_base_model(base_model.dataset, "another")
    for position, (model, target_class) in enumerate(((base_model, actors.OVAL), (other_model, actors.SQUARE)), 2):
        task = Task.objects.create(study=study, position=position, base_model=model, target_class=target_class)
        assignment = Assignment.objects.create(session=alice.session, task=task, position=position)
        Phrase.objects.create(
            assignment=assignment, client_uuid=uuid.uuid4(), ordinal=1, text="dark", submitted_at=timezone.now()
        )
    assert tries() == [1, 1, 1]


def test_the_null_level_rises_with_the_tries(alice):
    phrases = submit_and_score(alice, "red", "dark", "red", "blue")
    assert [phrase.score.tries for phrase in phrases] == [1, 2, 2, 3]
    expected = [null_level(15, 9, tries, 0.95) for tries in (1, 2, 2, 3)]
    assert [phrase.score.null_level for phrase in phrases] == expected
    assert expected[0] < expected[1] < expected[3]
