"""What a study has cost and what is owed, in integer hundredths of its currency."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from annotations.models import UNDER_WAY, BatchState, Stage, Study
from annotations.prolific_client.statuses import Status


class Amount(NamedTuple):
    """How many, and how much."""

    n: int
    cents: int


@dataclass(frozen=True)
class Totals:
    """Rewards are as Prolific told of them, or the study's where it did not; what a screen-out pays it does not tell.

    unknown: rewards of people who finished here, and of whose submissions Prolific has told nothing; failed_check: the
    same of who did not pass the check.
    fee: Prolific's on rewards and bonuses that were paid, where the site names its rate; it is added to no other sum.
    """

    rewards: Amount
    awaiting: Amount
    unknown: Amount
    failed_check: Amount
    screened_out: Amount
    proposed: Amount
    under_way: Amount
    failed: Amount
    paid: Amount
    handed_out: Amount
    fee_percent: Decimal | None

    @property
    def fee_cents(self) -> int | None:
        percent, paid = self.fee_percent, self.rewards.cents + self.bonuses.cents
        return None if percent is None else fee(paid, percent)

    @property
    def bonuses(self) -> Amount:
        """Bonuses that are settled: paid at Prolific, or handed out as a file."""
        return Amount(self.paid.n + self.handed_out.n, self.paid.cents + self.handed_out.cents)

    @property
    def owed(self) -> Amount:
        """What is known to be owed."""
        owed = (self.awaiting, self.proposed, self.under_way, self.failed)
        return Amount(sum(each.n for each in owed), sum(each.cents for each in owed))


def totals(study: Study) -> Totals:
    """Add up what is due here and what Prolific reports."""
    rewards = _amounts(
        study.submissions.counted(),
        Coalesce("reward_cents", study.reward_cents or 0),
        rewards=Q(status__in=(Status.APPROVED, Status.PARTIALLY_APPROVED)),
        awaiting=Q(status=Status.AWAITING_REVIEW),
        unknown=Q(status="", session__stage=Stage.FINISHED),
        failed_check=Q(status="", session__stage=Stage.NOT_PASSED),
        screened_out=Q(status=Status.SCREENED_OUT),
    )
    bonuses = _amounts(
        study.payments.counted(),
        "amount_cents",
        proposed=Q(withheld_reason="", batch=None),
        under_way=Q(batch__state__in=UNDER_WAY),
        failed=Q(batch__state=BatchState.FAILED),
        paid=Q(batch__state=BatchState.PAID),
        handed_out=Q(batch__state=BatchState.EXPORTED),
    )
    return Totals(**rewards, **bonuses, fee_percent=settings.PROLIFIC_FEE_PERCENT)


def fee(cents: int, percent: Decimal) -> int:
    """Return a percentage of hundredths, rounded half up to whole ones.

    >>> fee(150, Decimal("33.3"))
    50
    """
    return int((cents * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _amounts(rows: QuerySet[Any], cents: Any, **conditions: Q) -> dict[str, Amount]:
    """Add up the rows of each condition, in one query."""
    n = {f"n_{name}": Count("pk", filter=each) for name, each in conditions.items()}
    sums = {f"cents_{name}": Coalesce(Sum(cents, filter=each), 0) for name, each in conditions.items()}
    found = rows.aggregate(**n, **sums)
    return {name: Amount(found[f"n_{name}"], found[f"cents_{name}"]) for name in conditions}
