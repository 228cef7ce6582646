"""What two people made of one draft: what is stored by now, with what the other typed on top of it.

A form sends what it had shown (`keep_as_shown`) beside what it holds. What differs between the two a person typed; what
differs between what was shown and what is stored, somebody else saved meanwhile.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from annotations.admin.common.typed_classes import ModelForm
from annotations.admin.studies.study_forms import keep_as_shown
from annotations.admin.studies.translations import LABELS, TranslationsWidget
from annotations.models import Condition, Study, Task

ADDED, TAKEN_OUT = "added", "taken out"
NOTHING = "nothing"

Posted = dict[str, str | None]  # None: a browser sends nothing under this name


@dataclass(frozen=True)
class Difference:
    """One thing that differs: what was saved meanwhile and what was typed, empty where one of the two left it alone."""

    label: str
    saved: str = ""
    typed: str = ""

    @property
    def is_by_both(self) -> bool:
        return bool(self.saved and self.typed)


@dataclass(frozen=True)
class Rows:
    """The rows of one kind on the form, tasks or conditions: their form, and those that are stored."""

    form: type[ModelForm[Any]]
    prefix: str
    name: str
    stored: Sequence[Task | Condition]


@dataclass(frozen=True)
class Merged:
    """The data of a form that holds both, and what differs, in the order of the page."""

    data: QueryDict
    differences: list[Difference]


def merge(sent: QueryDict, form: type[ModelForm[Any]], study: Study, rows: Iterable[Rows]) -> Merged:
    """Lay what was sent over the study and its rows as they are stored."""
    data = sent.copy()
    differences = list(_over(data, sent, form(data=sent, instance=study), form(instance=study)))
    for each in rows:
        differences += _rows_over(data, sent, each)
    return Merged(data, differences)


def _rows_over(data: QueryDict, sent: QueryDict, rows: Rows) -> Iterator[Difference]:
    """Write the stored rows first, each with what was typed into it, then those stored no longer or not yet.

    A form that had no place for these rows showed none of them, so that none differs from it.
    """
    for key in [key for key in data if key.removeprefix("initial-").startswith(f"{rows.prefix}-")]:
        del data[key]
    differences = list(_over_stored_rows(data, sent, rows))
    if f"{rows.prefix}-TOTAL_FORMS" in sent:
        yield from differences
    n_rows = len(rows.stored)
    for difference, fields in _other_rows(sent, rows):
        data.update({f"{rows.prefix}-{n_rows}-{name}": value for name, value in fields.items()})
        n_rows += bool(fields)
        yield difference
    counts = {"TOTAL": n_rows, "INITIAL": len(rows.stored), "MIN_NUM": 0, "MAX_NUM": 1000}
    data.update({f"{rows.prefix}-{name}_FORMS": str(n) for name, n in counts.items()})


def _over_stored_rows(data: QueryDict, sent: QueryDict, rows: Rows) -> Iterator[Difference]:
    places = {sent.get(f"{rows.prefix}-{i}-id", ""): i for i in range(_n_sent(sent, rows))}
    for n, row in enumerate(rows.stored):
        prefix, label, at = f"{rows.prefix}-{n}", f"{rows.name} {n + 1}", places.get(str(row.pk))
        data[f"{prefix}-id"], data[f"{prefix}-study"] = str(row.pk), str(row.study_id)
        stored = rows.form(instance=row, prefix=prefix)
        typed = stored if at is None else rows.form(data=sent, instance=row, prefix=f"{rows.prefix}-{at}")
        differences = list(_over(data, sent, typed, stored, f"{label}: "))
        if at is None:
            yield Difference(label, saved=ADDED)
        elif f"{rows.prefix}-{at}-DELETE" in sent:
            data[f"{prefix}-DELETE"] = "on"
            yield Difference(label, saved="; ".join(each.saved for each in differences if each.saved), typed=TAKEN_OUT)
        else:
            yield from differences


def _other_rows(sent: QueryDict, rows: Rows) -> Iterator[tuple[Difference, dict[str, str]]]:
    """What was sent of rows that are not stored, with the fields of each that is to be added; of others there are none.

    A row that somebody else took out is added again where something was typed into it.
    """
    known = {str(row.pk) for row in rows.stored}
    for i in range(_n_sent(sent, rows)):
        pk = sent.get(f"{rows.prefix}-{i}-id", "")
        if pk in known:
            continue
        typed = rows.form(data=sent, prefix=f"{rows.prefix}-{i}")
        if pk:
            keep_as_shown(typed)
        is_kept = typed.has_changed() and f"{rows.prefix}-{i}-DELETE" not in sent
        fields = {bound.name: str(sent[bound.html_name]) for bound in typed if is_kept and bound.html_name in sent}
        if pk:
            label = f"{rows.name} {i + 1} as you opened it"
            yield Difference(label, TAKEN_OUT, "added again, with what you typed" if is_kept else ""), fields
        elif is_kept:
            yield Difference(f"New {rows.name.lower()}", typed=ADDED), fields


def _over(
    data: QueryDict, sent: QueryDict, typed: forms.BaseForm, stored: forms.BaseForm, label: str = ""
) -> Iterator[Difference]:
    """Write a stored form's fields, each with what was typed into it where something was."""
    changed = typed.changed_data if typed.is_bound else ()
    for name, field in stored.fields.items():
        ours, theirs = typed[name], stored[name]
        if not field.show_hidden_initial:
            data[theirs.html_name] = _hidden(theirs)
            continue
        posted = _stored(theirs) | (_typed(ours, theirs, sent) if name in changed else {})
        for key, value in posted.items():
            data.pop(key, None)
            data.update(_named(key, value))
        data[theirs.html_initial_name] = _hidden(theirs)
        shown = sent.get(ours.html_initial_name)
        is_saved = typed.is_bound and shown is not None and _plain(shown) != _plain(_hidden(theirs))
        saved, wanted = _spoken(theirs), _spoken(ours)
        if name in changed and saved != wanted:
            yield Difference(f"{label}{theirs.label}", saved if is_saved else "", wanted)
        elif is_saved:
            yield Difference(f"{label}{theirs.label}", saved)


def _stored(bound: BoundField) -> Posted:
    """What a browser sends for a field that shows what is stored."""
    widget, value = bound.field.widget, bound.value()
    if isinstance(widget, TranslationsWidget):
        return {**widget.as_posted(bound.html_name, value)}
    if isinstance(widget, forms.CheckboxInput):
        return {bound.html_name: "on" if value else None}
    return {bound.html_name: "" if value is None else str(value)}


def _typed(ours: BoundField, theirs: BoundField, sent: QueryDict) -> Posted:
    """What was sent for a field, under the name that it has among what is stored; of translations only what differs."""
    widget = ours.field.widget
    if not isinstance(widget, TranslationsWidget):
        return {theirs.html_name: sent.get(ours.html_name)}
    hidden = ours.field.hidden_widget()
    shown = widget.as_posted(ours.html_name, hidden.value_from_datadict(sent, MultiValueDict(), ours.html_initial_name))
    return {key: sent.get(key, "") for key, text in shown.items() if _plain(sent.get(key, "")) != _plain(text)}


def _hidden(bound: BoundField) -> str:
    return str(bound.field.hidden_widget().format_value(bound.value()) or "")


def _spoken(bound: BoundField) -> str:
    """A field's value as people read it."""
    widget, value = bound.field.widget, bound.value()
    if isinstance(widget, forms.CheckboxInput):
        return "yes" if value else "no"
    if isinstance(widget, TranslationsWidget):
        names = dict(settings.LANGUAGES)
        places = [(code, name, text) for code, each in (value or {}).items() for name, text in each.items()]
        return _plain("\n".join(f"{names[code]}, {LABELS[name]}: {text}" for code, name, text in places)) or NOTHING
    if isinstance(widget, forms.Select):
        options = widget.subwidgets(bound.html_name, value)
        return next((str(option["label"]) for option in options if option["selected"]), NOTHING)
    return _plain("" if value is None else str(value)) or NOTHING


def _plain(text: str) -> str:
    """Browsers send line breaks in their own way."""
    return text.replace("\r\n", "\n").strip()


def _named(key: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {key: value}


def _n_sent(sent: QueryDict, rows: Rows) -> int:
    given = sent.get(f"{rows.prefix}-TOTAL_FORMS", "")
    return min(int(given), 1000) if given.isdecimal() and len(given) < 9 else 0
