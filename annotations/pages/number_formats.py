"""How the admin writes numbers, and reads those of rows."""

from decimal import Decimal
from typing import Any

from django import forms

from annotations.models.payment import amount

NONE = "\N{EN DASH}"  # what stands where there is no number
MINUS = "\N{MINUS SIGN}"  # a hyphen is shorter, breaks a line, and is read aloud as a dash


def score(value: float | None) -> str:
    """Return an error score, similarity or λ with two decimals, a dash where there is none."""
    return NONE if value is None else f"{value:.2f}"


def similarity(value: float | None) -> str:
    """Format a similarity threshold with four decimals, a dash where there is none."""
    return NONE if value is None else f"{value:.4f}"


def minutes(seconds: float | None) -> str:
    """Return a duration in minutes and seconds, a dash where there is none."""
    return NONE if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def percent(share: float | None) -> str:
    """Return a share in [0, 1] as a percentage with one decimal, a dash where there is none."""
    return NONE if share is None else f"{share:.1%}"


def points(share: float | None) -> str:
    """Return a difference of two shares in percentage points, with its sign."""
    return NONE if share is None else f"{100 * share:+z.1f}".replace("-", MINUS)


def points_within(share: float | None, interval: tuple[float, float] | None) -> str:
    """Return such a difference with its 95% interval, where it is known.

    >>> points_within(0.06, (0.01, 0.11)), points_within(0.06, None)
    ('+6.0 (+1.0 to +11.0)', '+6.0')
    """
    return points(share) if interval is None else f"{points(share)} ({points(interval[0])} to {points(interval[1])})"


def p_value(value: float | None) -> str:
    """Return a p-value with three decimals, a dash where there is none.

    >>> p_value(0.0437), p_value(0.0002), p_value(1.0)
    ('.044', '< .001', '1.000')
    """
    if value is None:
        return NONE
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def row_number(text: str | None) -> int:
    """Return a row's number as it stands in a form or an address; 0, which no row has, for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


class _Typed(forms.Field):
    """A number that is typed with a point or a comma; a browser's own field for numbers drops the comma."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "vIntegerField"})
        super().__init__(**{**options, "widget": widget})

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class TypedDecimalField(_Typed, forms.DecimalField):
    """An exact number."""


class TypedFloatField(_Typed, forms.FloatField):
    """A number such as λ, a share or a similarity."""


class MoneyField(TypedDecimalField):
    """An amount in units of a currency, of a model field in hundredths of it."""

    OF_STUDY = {"reward_cents": "Reward", "min_hourly_cents": "Least pay an hour", "bonus_cents": "Bonus"}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "decimal_places": 2, "max_digits": 8, **options})

    def prepare_value(self, value: Any) -> Any:
        return amount(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:  # the row keeps hundredths
        units = super().clean(value)
        return None if units is None else int(units * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(Decimal(initial) / 100 if isinstance(initial, int) else initial, data)


_SHARES = ("goal", "new_concept_chance", "alarm_dropout", "alarm_failed_check")
OF_STUDY: dict[str, type[forms.Field]] = {
    **dict.fromkeys(MoneyField.OF_STUDY, MoneyField),
    **dict.fromkeys(_SHARES, TypedFloatField),
}
