"""Money in templates: hundredths as units with two decimals, also where a form only shows them."""

from collections.abc import Iterable

from django import template
from django.contrib.admin.helpers import AdminReadonlyField

from annotations.models import Payment
from annotations.models.payment import amount
from annotations.pages.number_formats import MoneyField

register = template.Library()
register.filter("money", amount)


@register.filter
def total_money(payments: Iterable[Payment]) -> str:
    """Return what payments add up to."""
    return amount(sum(payment.amount_cents for payment in payments))


@register.filter
def shown(field: AdminReadonlyField) -> str:
    """Return what a field holds that cannot be changed."""
    name = field.field["name"]
    cents = getattr(field.form.instance, name, None) if name in MoneyField.OF_STUDY else None
    return field.contents() if cents is None else amount(cents)
