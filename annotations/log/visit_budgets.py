"""How much the browser of one visit may have stored: far more than any honest visit needs (docs/decisions/0032).

Each budget is a counter in the visit's row. One conditional UPDATE takes from it, so that requests at once take no more
than there is, and holds the row to the end of the transaction: nothing is stored after a withdrawal either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from annotations.base.service_errors import BudgetSpent
from annotations.models import AnnotationSession


class Budget(StrEnum):
    """What is counted, by its column."""

    SPANS = "n_spans"  # spans of time as they are sent, those sent again too
    SCREENS = "n_screens"  # pages and answers with images
    REPLIES = "n_replies"  # thresholds and judgements
    STARTS = "n_starts"  # times that Start was pressed: reports of a device, and cookies


# An honest visit of eight hours in two tabs sends about 5,000 spans, and one act in ten seconds makes 2,900 screens.
LIMITS = {Budget.SPANS: 20_000, Budget.SCREENS: 10_000, Budget.REPLIES: 10_000, Budget.STARTS: 200}


@contextmanager
def within(session: AnnotationSession, budget: Budget, n: int = 1) -> Iterator[bool]:
    """Open a transaction that takes n from a visit's budget, and say whether the visit's work is still kept.

    False: the person withdrew, so store nothing. Raises BudgetSpent, which is counted in the visit's row. An expert,
    who is logged in here and comes back as often as they like, has no limit.
    """
    try:
        with transaction.atomic():
            yield _take(session, budget, n)
    except BudgetSpent:
        AnnotationSession.objects.filter(pk=session.pk).update(n_refused=F("n_refused") + 1)
        raise


def _take(session: AnnotationSession, budget: Budget, n: int) -> bool:
    visit = AnnotationSession.objects.filter(pk=session.pk)
    if not session.is_expert:
        visit = visit.filter(**{f"{budget}__lte": LIMITS[budget] - n})
    taken = {budget.value: F(budget) + n}
    if visit.filter(withdrawn_at=None).update(**taken):
        return True
    if visit.update(**taken):
        return False
    raise BudgetSpent
