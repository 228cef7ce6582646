"""Money in forms: people type 3.50, rows keep 350. No float is between them."""

from decimal import Decimal
from typing import Any

from django import forms


class MoneyField(forms.DecimalField):
    """An amount in units of a currency, of a model field in hundredths of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "decimal_places": 2, "max_digits": 8, **options})

    def prepare_value(self, value: Any) -> Any:
        return amount(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:  # the row keeps hundredths
        units = super().clean(value)
        return None if units is None else int(units * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(Decimal(initial) / 100 if isinstance(initial, int) else initial, data)


def amount(cents: int) -> str:
    """Return hundredths as units with two decimals: 350 is "3.50"."""
    return f"{cents // 100}.{cents % 100:02}"
