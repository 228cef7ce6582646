"""The audit log of one study, and of the whole site for operators: filtered on the page, whole as a CSV file."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from annotations.base.tables.columns import csv_text
from annotations.log import audit
from annotations.models import AuditRecord, Study
from annotations.pages.page_acts import Answer
from annotations.pages.site_pages import show_site_page
from annotations.pages.study_pages import CSV, file_answer
from annotations.pages.typed_classes import Form
from annotations.staff import roles

HEADER = ("occurred_at", "study", "actor", "act", "subject", "reason", "detail")


# How records are looked up by each field of the page's form; days are whole, in UTC, and both are within.
LOOKUPS = {
    "actor": "actor",
    "act": "act",
    "subject": "subject__icontains",
    "since": "occurred_at__date__gte",
    "until": "occurred_at__date__lte",
}


def filtered(records: QuerySet[AuditRecord], given: Mapping[str, Any]) -> QuerySet[AuditRecord]:
    """Return the records that pass; given: by the names of LOOKUPS, an empty one leaves nothing out."""
    return records.filter(**{LOOKUPS[name]: value for name, value in given.items() if value})


def cells(records: QuerySet[AuditRecord]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each record under HEADER, oldest first."""
    for record in records.select_related("study").order_by("id").iterator():
        yield (
            record.occurred_at.isoformat(),
            record.study.slug if record.study else "",
            record.actor,
            record.act,
            record.subject,
            record.reason,
            json.dumps(record.detail, ensure_ascii=False, sort_keys=True) if record.detail else "",
        )


_A_PAGE = 50


class FilterForm(Form):
    """What to show; an empty field leaves nothing out."""

    actor = forms.ChoiceField(label="By", required=False)
    act = forms.ChoiceField(label="Act", required=False)
    subject = forms.CharField(label="Done to", required=False, max_length=80)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, records: QuerySet[AuditRecord]) -> None:
        super().__init__(data)
        for name in ("actor", "act"):
            values = records.order_by(name).values_list(name, flat=True).distinct()
            field: Any = self.fields[name]
            field.choices = [("", "all"), *((value, value.replace("_", " ")) for value in values)]


def study_page(request: HttpRequest, study: Study) -> Answer:
    """Show what the staff did in a study."""
    return _answer(request, AuditRecord.objects.filter(study=study), study)


def site_page(request: HttpRequest) -> HttpResponse:
    """Show operators what the staff did anywhere."""
    if not roles.is_operator(request.user):
        raise Http404
    answer = _answer(request, AuditRecord.objects.all(), None)
    return answer if isinstance(answer, HttpResponse) else show_site_page(request, "annotations/audit_log", **answer)


def _answer(request: HttpRequest, records: QuerySet[AuditRecord], study: Study | None) -> HttpResponse | dict[str, Any]:
    form = FilterForm(request.GET, records)
    shown = filtered(records, form.cleaned_data) if form.is_valid() else records.none()
    if form.is_valid() and request.GET.get("format") == "csv":
        return _csv(request, shown, study)
    page = Paginator(shown.select_related("study"), _A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return {"title": "Audit log", "form": form, "page": page, "query": query.urlencode()}


def _csv(request: HttpRequest, records: QuerySet[AuditRecord], study: Study | None) -> HttpResponse:
    name = f"audit-{study.slug if study else 'site'}-{dt.datetime.now(dt.UTC):%Y%m%d}.csv"
    text = csv_text(HEADER, cells(records))
    audit.record("audit_log_exported", study, by=request.user.get_username())
    return file_answer(text, CSV, name)
