"""What a study has cost and what is owed, in integer hundredths of its currency."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from annotations.models import SETTLED, UNDER_WAY, BatchState, Study
from annotations.prolific.statuses import APPROVED, AWAITING_REVIEW, PARTIALLY_APPROVED, SCREENED_OUT


@dataclass(frozen=True)
class Amount:
    """How many, and how much."""

    n: int
    cents: int


@dataclass(frozen=True)
class Totals:
    """Rewards are as Prolific told of them, or the study's where it did not; what a screen-out pays it does not tell.

    fee: Prolific's on rewards and bonuses that were paid, where the site names its rate; it is added to no other sum.
    """

    rewards: Amount
    awaiting: Amount
    n_screened_out: int
    proposed: Amount
    under_way: Amount
    failed: Amount
    paid: Amount
    handed_out: Amount
    withheld: Amount
    fee_percent: Decimal | None
    fee_cents: int | None

    @property
    def bonuses(self) -> Amount:
        """Bonuses that are settled: paid at Prolific, or handed out as a file."""
        return Amount(self.paid.n + self.handed_out.n, self.paid.cents + self.handed_out.cents)


def totals(study: Study) -> Totals:
    """Add up what is due here and what Prolific reports."""
    rewards = _rewards(study, (APPROVED, PARTIALLY_APPROVED))
    sums = {
        name: _payments(study, condition)
        for name, condition in {
            "proposed": Q(withheld_reason="", batch=None),
            "under_way": Q(batch__state__in=UNDER_WAY),
            "failed": Q(batch__state=BatchState.FAILED),
            "paid": Q(batch__state=BatchState.PAID),
            "handed_out": Q(batch__state=BatchState.EXPORTED),
            "withheld": ~Q(withheld_reason=""),
        }.items()
    }
    settled = _payments(study, Q(batch__state__in=SETTLED)).cents
    percent = settings.PROLIFIC_FEE_PERCENT
    return Totals(
        rewards=rewards,
        awaiting=_rewards(study, (AWAITING_REVIEW,)),
        n_screened_out=study.submissions.counted().filter(status=SCREENED_OUT).count(),
        **sums,
        fee_percent=percent,
        fee_cents=None if percent is None else fee(rewards.cents + settled, percent),
    )


def fee(cents: int, percent: Decimal) -> int:
    """Return a percentage of hundredths, rounded half up to whole ones.

    >>> fee(150, Decimal("33.3"))
    50
    """
    return int((cents * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _rewards(study: Study, statuses: tuple[str, ...]) -> Amount:
    rows = study.submissions.counted().filter(status__in=statuses)
    reward = Coalesce("reward_cents", study.reward_cents or 0)
    found = rows.aggregate(n=Count("pk"), cents=Coalesce(Sum(reward), 0))
    return Amount(found["n"], found["cents"])


def _payments(study: Study, condition: Q) -> Amount:
    found = study.payments.filter(condition).aggregate(n=Count("pk"), cents=Coalesce(Sum("amount_cents"), 0))
    return Amount(found["n"], found["cents"])
