"""Forms whose texts are composed: a field's length counts the composed text (decision 86).

Four times as many characters may be typed. Every form of the staff has `Composed` among its base classes;
`tests/annotations/pages/test_typed_lengths.py` holds each to it.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from clarify_errors.arrays.common.safe_text import TooLong, UnsafeText, compose_within

if TYPE_CHECKING:
    _BaseForm = forms.BaseForm
else:
    _BaseForm = object


class Composed(_BaseForm):
    """A form whose texts of limited length are composed before anything counts their characters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # the form's own copies
            if isinstance(field, forms.CharField) and field.max_length is not None:
                field.to_python = partial(_composed, field)  # type: ignore[method-assign]  # of this one object


def _composed(field: forms.CharField, typed: Any) -> Any:
    text = "" if typed is None else str(typed)
    try:
        text = compose_within(text.strip() if field.strip else text, field.max_length or 0)
    except TooLong as error:
        message = "This is too long. Use at most %(most)d characters."
        raise ValidationError(message, code="max_length", params={"most": error.most}) from error
    except UnsafeText as error:
        raise ValidationError(str(error), code="unsafe") from error
    return type(field).to_python(field, text)
