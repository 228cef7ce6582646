"""A field's length counts the composed text, in every form of the staff (decision 86)."""

import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.test import RequestFactory

import annotations
from annotations.models import AuditRecord, Pool, Study

pytestmark = pytest.mark.django_db

# Whose texts have a form of their own, which no decomposed letter has, or are never composed.
ASCII_ALONE = (forms.SlugField, forms.EmailField, forms.URLField)
ACCENTED = "e\u0301"  # two characters, and one once it is composed


def subclasses(of: type[Any]) -> Iterator[type[Any]]:
    each: type[Any]
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)


@pytest.fixture
def form_classes(admin_user: Any, draft_study: Study) -> set[type[BaseForm]]:
    """Each form of ours, and each that the admin makes of a list: of a row, of a new one, of the rows on its page."""
    for module in pkgutil.walk_packages(annotations.__path__, "annotations."):
        if "migrations" not in module.name and not module.name.endswith((".oidc", ".passkeys")):
            import_module(module.name)
    found = {each for each in subclasses(BaseForm) if each.__module__.startswith(("annotations.", "clarify_site."))}
    request = RequestFactory().get("/")
    request.user = admin_user
    for model, page in admin.site._registry.items():
        row: Any = draft_study if model is Study else model(pk=1)
        may = {None: page.has_add_permission(request), row: page.has_change_permission(request, row)}
        found |= {page.get_form(request, each) for each, is_allowed in may.items() if is_allowed}
        if may[row]:
            found |= {inline.get_formset(request, row).form for inline in page.get_inline_instances(request, row)}
    return {each for each in found if not _is_abstract(each)}


def _is_abstract(form: Any) -> bool:
    """Whether forms are only derived from it: it has no fields, or is of a row of no table."""
    return not form.base_fields or getattr(getattr(form, "_meta", form), "model", form) is None


@pytest.fixture
def fields(form_classes: set[type[BaseForm]], draft_study: Study, admin_user: Any) -> dict[str, forms.CharField]:
    found = {}
    for each in form_classes:
        for name, field in made(each, admin_user, draft_study).fields.items():
            if isinstance(field, forms.CharField) and field.max_length is not None:
                found[f"{each.__module__}.{each.__qualname__}.{name}"] = field
    return found


def made(form: type[BaseForm], *known: Any) -> BaseForm:
    """A form without data; some are of a person, a study or a pool, or of the records that they narrow."""
    for of_what in ((), *zip(known, strict=False), (Pool(),), (None, AuditRecord.objects.all())):
        with suppress(TypeError, AttributeError):
            return form(*of_what)
    raise AssertionError(f"nobody knows what {form} is of")


def said_of(field: forms.CharField, typed: str) -> set[str]:
    """The kinds of what is wrong with a text, as a form's own cleaning finds them."""
    try:
        field.clean(typed)
    except ValidationError as error:
        return {each.code or "" for each in error.error_list}
    return set()


def test_the_fields_are_found(fields: dict[str, forms.CharField]) -> None:
    assert len(fields) > 20
    assert {name.rpartition(".")[2] for name in fields} >= {"title", "username", "reason", "code", "name"}


def test_what_is_composed_counts_in_every_form(fields: dict[str, forms.CharField]) -> None:
    for name, field in fields.items():
        most = field.max_length or 0
        assert "max_length" not in said_of(field, ACCENTED * most), name
        assert "max_length" in said_of(field, ACCENTED * (most + 1)), name
        assert said_of(field, "a" * (4 * most + 1)) == {"max_length"}, name
        if not isinstance(field, ASCII_ALONE) and not said_of(field, ACCENTED):
            assert field.clean(f" {ACCENTED} ").strip() == "\u00e9", name


def test_no_password_is_composed(form_classes: set[type[BaseForm]], admin_user: Any, draft_study: Study) -> None:
    for each in form_classes:
        for name, field in made(each, admin_user, draft_study).fields.items():
            if isinstance(field, forms.CharField) and isinstance(field.widget, forms.PasswordInput):
                assert field.to_python(ACCENTED) == ACCENTED, f"{each}: {name}"
