"""What a study has cost and what is owed."""

from decimal import Decimal

import pytest
from django.utils import timezone

from annotations.models import AnnotationSession, BatchState, Outcome, PaymentBatch, Stage, Submission
from annotations.payments import payment_ledger
from annotations.payments.costs import Amount, fee, totals
from tests.support.money import complete, owe, right_words
from tests.support.prolific_steps import THERE, arrive, submission_of


@pytest.fixture
def people(open_study):
    open_study.external_study_id, open_study.reward_cents = THERE, 300
    open_study.save(update_fields=["external_study_id", "reward_cents"])
    for name in ("anna", "bert", "carl", "dora"):
        arrive(open_study, name, consents=False)
    return [submission_of(open_study, name) for name in ("anna", "bert", "carl", "dora")]


def test_rewards_are_as_prolific_told_of_them_or_the_studys(open_study, people):
    told = (("APPROVED", 320), ("APPROVED", None), ("AWAITING REVIEW", None), ("SCREENED OUT", None))
    for submission, (status, cents) in zip(people, told, strict=True):
        Submission.objects.filter(pk=submission.pk).update(status=status, reward_cents=cents)
    seen = totals(open_study)
    assert (seen.rewards, seen.awaiting, seen.screened_out.n) == (Amount(2, 620), Amount(1, 300), 1)


def test_a_reward_of_which_prolific_told_nothing_is_not_known(open_study, people):
    """Of who did not finish nothing is owed."""
    emma, finn = (complete(open_study, name, {"red": right_words(open_study)}) for name in ("emma", "finn"))
    owe(emma, 50)
    Submission.objects.filter(pk=finn.pk).update(status="AWAITING REVIEW")
    seen = totals(open_study)
    assert (seen.unknown, seen.owed) == (Amount(1, 300), Amount(2, 350))


def test_who_did_not_pass_the_check_is_not_known_until_prolific_tells(open_study, people):
    anna, bert, *_ = people
    failed = {"stage": Stage.NOT_PASSED, "outcome": Outcome.FAILED_CHECK}
    now = timezone.now()
    visits = AnnotationSession.objects.filter(submission__in=(anna, bert))
    visits.update(**failed, consented_at=now, ended_at=now)
    Submission.objects.filter(pk=bert.pk).update(status="SCREENED OUT")
    seen = totals(open_study)
    assert (seen.failed_check.n, seen.screened_out.n, seen.unknown.n) == (1, 1, 0)


def test_each_payment_is_in_one_sum(open_study, people):
    anna, bert, carl, dora = people
    states = [BatchState.PAID, BatchState.EXPORTED, BatchState.FAILED]
    for number, state in enumerate(states):
        batch = payment_ledger.prepare(open_study, [owe(anna, 10 + number, number).pk], by="cora")
        PaymentBatch.objects.filter(pk=batch.pk).update(state=state)
    payment_ledger.prepare(open_study, [owe(bert, 20).pk], by="cora")
    owe(carl, 40)
    payment_ledger.withhold(owe(dora, 80), reason="twice", by="cora")  # which is in none
    seen = totals(open_study)
    sums = (seen.paid, seen.handed_out, seen.failed, seen.under_way, seen.proposed)
    assert [(each.n, each.cents) for each in sums] == [(1, 10), (1, 11), (1, 12), (1, 20), (1, 40)]
    assert seen.bonuses == Amount(2, 21)


def test_the_fee_is_apart_and_only_where_the_site_names_it(open_study, people, settings):
    Submission.objects.filter(pk=people[0].pk).update(status="APPROVED")
    assert totals(open_study).fee_cents is None
    settings.PROLIFIC_FEE_PERCENT = Decimal("33.3")
    seen = totals(open_study)
    assert (seen.rewards.cents, seen.fee_cents) == (300, 100)


@pytest.mark.parametrize(("cents", "percent", "expected"), [(1, "50", 1), (1, "49", 0), (10**9, "33.3", 333_000_000)])
def test_a_fee_is_rounded_half_up(cents, percent, expected):
    assert fee(cents, Decimal(percent)) == expected
