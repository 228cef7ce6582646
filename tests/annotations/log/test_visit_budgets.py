"""A visit's budget: requests at once take no more of it than there is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from annotations.base.service_errors import BudgetSpent
from annotations.log import visit_budgets
from annotations.log.visit_budgets import LIMITS, Budget
from annotations.models import AnnotationSession
from tests.support.actors import Visit

THERE_IS, AT_ONCE = 5, 12

pytestmark = pytest.mark.django_db(transaction=True)


def test_requests_at_once_take_no_more_than_there_is(alice: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, Budget.SPANS, THERE_IS)

    def takes(_number: int) -> bool:
        try:
            with visit_budgets.within(alice.session, Budget.SPANS):
                return True
        except BudgetSpent:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(takes, range(AT_ONCE))) == THERE_IS
    visit = AnnotationSession.objects.get(pk=alice.session.pk)
    assert (visit.n_spans, visit.n_refused) == (THERE_IS, AT_ONCE - THERE_IS)


def test_what_fails_takes_nothing(alice: Visit) -> None:
    with pytest.raises(ZeroDivisionError), visit_budgets.within(alice.session, Budget.SPANS, 7):
        raise ZeroDivisionError
    assert AnnotationSession.objects.get(pk=alice.session.pk).n_spans == 0
