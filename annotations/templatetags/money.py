"""Money in templates: hundredths as units with two decimals."""

from collections.abc import Iterable

from django import template

from annotations.admin.common.number_formats import amount
from annotations.models import Payment

register = template.Library()
register.filter("money", amount)


@register.filter
def total_money(payments: Iterable[Payment]) -> str:
    """Return what payments add up to."""
    return amount(sum(payment.amount_cents for payment in payments))
