"""What a page says of what was not done: a service's refusal, and a form's errors, each a link to its field."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

from annotations.base.service_errors import ServiceError
from clarify_errors.arrays.common.modeling_errors import ModelingError


class RefusalsShown(AbstractContextManager[None, bool]):
    """Has a form, else the next page, say why what the block asks for is refused or cannot be; the block ends there."""

    def __init__(self, where: HttpRequest | BaseForm) -> None:
        self._say = partial(where.add_error, None) if isinstance(where, BaseForm) else partial(messages.error, where)

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        is_said = isinstance(error, ServiceError | ModelingError | ValidationError)
        if is_said:
            self._say(error if isinstance(error, ValidationError) else str(error))
        return is_said


class LinkedError(NamedTuple):
    """What is wrong, in which field, and the id of the field; no id where it concerns the whole form."""

    label: str
    message: str
    anchor: str


def linked_errors(form: BaseForm, formsets: Iterable[Any] = ()) -> list[LinkedError]:
    """Return every error of a form and of the formsets below it, in the order of the page."""
    found = _of_form(form, "")
    for formset in formsets:
        name = formset.model._meta.verbose_name_plural.capitalize()
        found += [LinkedError(name, str(message), "") for message in formset.non_form_errors()]
        for number, row in enumerate(formset.forms, start=1):
            found += _of_form(row, f"{formset.model._meta.verbose_name.capitalize()} {number}: ")
    return found


def _of_form(form: BaseForm, prefix: str) -> list[LinkedError]:
    found = []
    for name, sentences in form.errors.items():
        bound = None if name == NON_FIELD_ERRORS or name not in form.fields else form[name]
        label = prefix + (str(bound.label) if bound is not None else "")
        anchor = "" if bound is None else bound.id_for_label or bound.auto_id
        found += [LinkedError(label.removesuffix(": "), str(message), str(anchor)) for message in sentences]
    return found
