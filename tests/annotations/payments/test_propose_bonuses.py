"""The bonus rule over a study's people: who earns it, and that it is owed once."""

import pytest
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.models import AuditRecord, Moderation, Payment, Phrase, Submission
from annotations.models.phrase import UNCHECKED
from annotations.payments import payment_ledger
from annotations.phrases.vocabulary_levels import half_of
from clarify_errors.arrays.phrases import vocabulary_level
from tests.support.money import complete, right_words, wrong_words
from tests.support.prolific_steps import THERE
from tests.support.vocabularies import words_scored


@pytest.fixture
def study(open_study):
    open_study.bonus_cents, open_study.goal, open_study.external_study_id = 50, 0.4, THERE
    open_study.save(update_fields=["bonus_cents", "goal", "external_study_id"])
    return open_study


def test_who_says_what_is_wrong_earns_the_bonus(study):
    anna = complete(study, "anna", {"red": right_words(study)})
    complete(study, "bert", {"square": wrong_words(study)})
    proposal = payment_ledger.propose(study, by="cora")
    assert (proposal.n_judged, proposal.n_earned) == (2, 1)
    owed = Payment.objects.get()
    assert (owed.submission, owed.amount_cents, owed.currency) == (anna, 50, "GBP")
    assert owed.batch is None and owed.created_by == "cora"


def test_the_reason_has_the_numbers_and_not_the_phrase(study):
    complete(study, "anna", {"rosy": right_words(study)})
    payment_ledger.propose(study, by="cora")
    reason = Payment.objects.get().reason
    assert "scores 1.00 on the other half (5 wrong, 8 right images)" in reason
    assert "the goal of 0.40" in reason and "rosy" not in reason
    assert "too few images to tell what common words reach" in reason


@pytest.fixture
def telling(monkeypatch):
    monkeypatch.setattr(vocabulary_level, "MIN_IMAGES", 4)  # the half of the small set has five errors


def test_a_bonus_waits_for_what_common_words_reach(study, telling):
    complete(study, "anna", {"red": right_words(study)})
    with pytest.raises(NotPossible, match="still scores what common words reach"):
        payment_ledger.propose(study, by="cora")
    assert not Payment.objects.exists()


@pytest.mark.parametrize(("level", "n_earned"), [(0.99, 1), (1.0, 0)])
def test_the_half_that_judges_has_a_level_of_common_words_too(study, telling, level, n_earned):
    words_scored(study.tasks.get(), [0.0])
    words_scored(study.tasks.get(), [level], half=half_of(study))
    complete(study, "anna", {"red": right_words(study)})
    assert payment_ledger.propose(study, by="cora").n_earned == n_earned
    reasons = Payment.objects.values_list("reason", flat=True)
    assert all("the 0.99 that one common word reaches." in reason for reason in reasons)


def test_a_rule_that_is_applied_twice_owes_once(study):
    complete(study, "anna", {"red": right_words(study)})
    payment_ledger.propose(study, by="cora")
    assert payment_ledger.propose(study, by="dora").n_earned == 0
    assert Payment.objects.count() == 1


def test_who_comes_later_is_judged_later(study):
    complete(study, "anna", {"red": right_words(study)})
    payment_ledger.propose(study, by="cora")
    complete(study, "bert", {"red": right_words(study)})
    assert payment_ledger.propose(study, by="cora").n_earned == 1


def test_a_withheld_bonus_is_not_proposed_again(study):
    complete(study, "anna", {"red": right_words(study)})
    payment_ledger.propose(study, by="cora")
    payment_ledger.withhold(Payment.objects.get(), reason="Told by a friend.", by="cora")
    assert payment_ledger.propose(study, by="cora").n_earned == 0
    assert Payment.objects.get().withheld_reason == "Told by a friend."


def test_an_excluded_phrase_earns_nothing(study):
    complete(study, "anna", {"red": right_words(study)})
    Phrase.objects.update(moderation=Moderation.EXCLUDED, moderation_reason="an insult")
    assert payment_ledger.propose(study, by="cora").n_earned == 0


@pytest.mark.parametrize("status", ["RETURNED", "REJECTED", "SCREENED OUT"])
def test_what_prolific_took_back_earns_nothing(study, status):
    complete(study, "anna", {"red": right_words(study)})
    Submission.objects.update(status=status)
    assert payment_ledger.propose(study, by="cora").n_judged == 0


def test_who_withdrew_is_not_judged(study):
    anna = complete(study, "anna", {"red": right_words(study)})
    anna.session.withdrawn_at = timezone.now()
    anna.session.save(update_fields=["withdrawn_at"])
    assert payment_ledger.propose(study, by="cora").n_judged == 0


def test_words_that_nobody_checked_are_no_try(study):
    words = {"red": right_words(study)} | {f"word {n}": wrong_words(study) for n in range(300)}
    complete(study, "anna", words)
    Phrase.objects.filter(text__startswith="word").update(moderation=Moderation.EXCLUDED, moderation_reason=UNCHECKED)
    assert payment_ledger.propose(study, by="cora").n_earned == 1
    assert "Of 1 phrase," in Payment.objects.get().reason


def test_many_tries_ask_for_more_than_this_small_class_can_show(study):
    """The scoring half has 13 images: after 300 tries random words may separate them by chance."""
    words = {f"word {i}": wrong_words(study) for i in range(299)}
    complete(study, "anna", {**words, "red": right_words(study)})
    assert payment_ledger.propose(study, by="cora").n_earned == 0


def test_without_an_amount_there_is_nothing_to_propose(open_study):
    with pytest.raises(NotPossible):
        payment_ledger.propose(open_study, by="cora")


def test_it_stands_in_the_audit_log(study):
    complete(study, "anna", {"red": right_words(study)})
    payment_ledger.propose(study, by="cora")
    record = AuditRecord.objects.get(act="bonuses_proposed")
    assert (record.actor, record.detail) == ("cora", {"judged": 1, "earned": 1})
