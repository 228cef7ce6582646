"""The log is compared with the tables a few people at a time: it finds what a comparison of all at once finds."""

from collections import Counter

import pytest

from annotations.log import identities
from annotations.log.log_registry import TABLES
from annotations.log.replay import LogCheck, differences, replay
from annotations.models import CorrectionPart, Participant, Phrase, Score, Study
from annotations.visits import erasure
from tests.support import actors
from tests.support.actors import Visit
from tests.support.logged import stored
from tests.support.steps import submit_and_score

pytestmark = pytest.mark.usefixtures("stored_base_model")


@pytest.fixture(params=[1, 10_000], ids=["one by one", "all at once"], autouse=True)
def events_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotations.log.replay.EVENTS_AT_ONCE", request.param)


def assert_the_same_as_all_at_once(study: Study) -> list[str]:
    check, state = LogCheck(study), replay(study)
    found = list(check.differences())
    assert sorted(found) == sorted(differences(state, stored(study)))
    assert check.replayed == Counter({table: len(state.rows[table]) for table in TABLES})
    assert check.erased == state.erased
    return found


def test_a_study_in_which_everything_happens_has_no_differences(whole: Study) -> None:
    assert assert_the_same_as_all_at_once(whole) == []


def test_what_was_changed_behind_the_log_is_named_whoever_it_is_of(whole: Study) -> None:
    Phrase.objects.filter(text="red").update(text="scarlet")
    Score.objects.filter(phrase__text="large").update(tries=9)
    CorrectionPart.objects.update(by_hand=True)
    Participant.objects.filter(study=whole).update(erased_at=whole.opened_at)
    assert len(assert_the_same_as_all_at_once(whole)) > whole.participants.count()


def test_a_part_of_a_correction_goes_with_the_visit_that_it_is_of(whole: Study) -> None:
    ann = CorrectionPart.objects.filter(correction__study=whole).earliest("pk").score.phrase.assignment.session
    identities.destroy(whole, ann.participant.pseudonym)  # as an erasure that stopped half-way would leave it
    found = assert_the_same_as_all_at_once(whole)
    assert any(line.startswith("correction part") and line.endswith("its visit is erased") for line in found)


def test_a_visit_of_somebody_of_another_study_is_named(open_study: Study, alice: Visit) -> None:
    submit_and_score(alice, "red")
    other = Participant.objects.create(study=actors.create_study(alice.assignment.task.base_model, "other"))
    alice.session.participant = other
    alice.session.save()
    found = list(LogCheck(open_study).differences())
    assert "phrase: 1 stored rows belong to no participant of the study" in found
    n = open_study.events.filter(session=alice.session).count()
    assert f"event: {n} logged events belong to no participant of the study" in found


def test_after_an_erasure_a_tombstone_is_left(open_study: Study, alice: Visit, bob: Visit) -> None:
    for visit in (alice, bob):
        submit_and_score(visit, "red")
    erasure.request(alice.participant, by="coordinator", reason="asked")
    assert erasure.erase_content(alice.participant)
    assert assert_the_same_as_all_at_once(open_study) == []
