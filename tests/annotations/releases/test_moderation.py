"""Deciding on phrases: the decision, the event, the audit record, and what may enter a correction."""

import pytest
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.corrections.correction_candidates import approved
from annotations.models import AuditRecord, Event, Moderation, Phrase
from annotations.releases import moderation
from annotations.releases.moderation import PhraseGone
from annotations.visits import erasure, withdrawal
from tests.support.steps import submit_and_score


@pytest.fixture
def phrase(alice):
    return submit_and_score(alice, "red")[0]


def test_a_decision_is_stored_audited_and_logged(alice, phrase):
    moderation.moderate(phrase, Moderation.HIDDEN, by="carol", reason=" names somebody ")
    phrase.refresh_from_db()
    assert (phrase.moderation, phrase.moderation_reason) == ("hidden", "names somebody")
    act = AuditRecord.objects.get(act="phrase_moderated")
    assert (act.actor, act.reason, act.detail) == (
        "carol",
        "names somebody",
        {"before": "unreviewed", "after": "hidden"},
    )
    assert str(alice.participant) in act.subject
    assert Event.objects.filter(kind="phrase_moderated", session=alice.session).count() == 1


@pytest.mark.parametrize("decision", ["flagged", "hidden", "excluded"])
def test_anything_but_approving_needs_a_reason(phrase, decision):
    with pytest.raises(NotPossible, match="Give a reason"):
        moderation.moderate(phrase, Moderation(decision), by="carol", reason="  ")
    assert not AuditRecord.objects.filter(act="phrase_moderated").exists()


def test_the_same_decision_twice_is_one_act(phrase):
    for _ in range(2):
        moderation.moderate(phrase, Moderation.APPROVED, by="carol")
    assert AuditRecord.objects.filter(act="phrase_moderated").count() == 1


def test_a_decision_can_be_taken_back(phrase):
    moderation.moderate(phrase, Moderation.EXCLUDED, by="carol", reason="an insult")
    moderation.moderate(phrase, Moderation.UNREVIEWED, by="carol")
    phrase.refresh_from_db()
    assert (phrase.moderation, phrase.moderation_reason) == ("", "")


def test_the_words_do_not_stand_in_the_audit_log(phrase):
    moderation.moderate(phrase, Moderation.APPROVED, by="carol")
    act = AuditRecord.objects.get(act="phrase_moderated")
    assert "red" not in f"{act.subject} {act.detail} {act.reason}"


def test_approving_all_leaves_what_was_decided(alice):
    red, dark = submit_and_score(alice, "red", "dark")
    moderation.moderate(dark, Moderation.FLAGGED, by="carol", reason="unclear")
    assert moderation.approve_all(Phrase.objects.all(), by="carol") == 1
    assert list(approved(alice.session.study)) == [red]


def test_nothing_of_a_withdrawn_visit_enters_a_correction(alice, phrase):
    moderation.moderate(phrase, Moderation.APPROVED, by="carol")
    withdrawal.withdraw(alice.session)
    assert not approved(alice.session.study).exists()


def test_a_phrase_that_was_erased_meanwhile_is_gone_in_a_sentence(alice, bob, phrase):
    dark = submit_and_score(bob, "dark")[0]
    withdrawal.withdraw(alice.session)
    erasure.erase_due(timezone.now())
    with pytest.raises(PhraseGone):
        moderation.moderate(phrase, Moderation.APPROVED, by="carol")

    class Both:
        """A list that was read before the erasure."""

        def filter(self, **_conditions):
            return self

        def order_by(self, _key):
            return [phrase, dark]

    assert moderation.approve_all(Both(), by="carol") == 1
    assert Phrase.objects.get().moderation == "approved"
