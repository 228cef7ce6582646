"""The correction page: train a whole model with one approved annotation a class, see what it does, decide on it."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from annotations.corrections import correction_reports as reading
from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_effects import splits_figure
from annotations.corrections.correction_files import correction_json, correction_zip
from annotations.corrections.correction_tables import report
from annotations.corrections.staff_pages.correction_figure import changed_images, worth_figure
from annotations.models import BaseModel, Correction, JobState, Review, Study
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import Act, Answer, reason_of
from annotations.pages.shown_figures import figure_answer, shown_figure, table_answer
from annotations.pages.study_pages import JSON, ZIP, file_answer
from annotations.results.latest_results import Latest, latest
from annotations.staff import roles

LEAVE_OUT = "none"  # value of a class's field
_FIELD = "class-"  # and the class's number
_POLL_S = 2


def page(request: HttpRequest, study: Study) -> Answer:
    """Show a correction, the newest where none is named, or hand out its files."""
    found = reading.listed(study)
    shown = _chosen(request, study) if "correction" in request.GET else (found[0] if found else None)
    analysed = latest(study)
    if "figure" in request.GET:
        return figure_answer(request, analysed.figures, study.slug)
    if "file" in request.GET or "table" in request.GET:
        return _file_of(request, shown)
    under_way = next((each for each in found if each.finished_at is None), None)
    report_of = reading.report_of(shown) if shown else None
    worth = worth_figure(report_of) if report_of else None
    return {
        "found": found,
        "report": report_of,
        "worth": worth,
        "changed": changed_images(f"user:{request.user.pk}", report_of) if report_of and worth else None,
        "latest": analysed,
        "each": (figure := _figure(shown, analysed)),
        "figure_poll_s": _POLL_S if figure and not figure["drawn"] and not analysed.is_current else 0,
        "under_way": under_way,
        "poll_s": _POLL_S,
        "offers": reading.offers(study) if roles.may(request.user, "coordinate", study) and not under_way else [],
        "leave_out": LEAVE_OUT,
    }


def _figure(correction: Correction | None, analysed: Latest) -> dict[str, Any] | None:
    """The figure of a correction that is trained; the study's next analysis draws it."""
    if correction is None or correction.state != JobState.DONE:
        return None
    figure = splits_figure(correction.pk, report(correction).rows)
    return shown_figure(figure, analysed.figures, f"?correction={correction.pk}&")


def _decide(decision: Review, request: HttpRequest, study: Study, by: str) -> str:
    correction = get_object_or_404(study.corrections.counted(), pk=row_number(request.POST.get("correction")))
    corrections.review(correction, decision, by=by, reason=reason_of(request))
    return "The decision is stored."


def _train(request: HttpRequest, study: Study, by: str) -> str:
    base_model = get_object_or_404(BaseModel, pk=row_number(request.POST.get("base_model")))
    second = request.POST.get("second", "")
    corrections.request(
        study,
        base_model,
        by=by,
        by_hand=_by_hand(request),
        second=get_object_or_404(BaseModel, pk=row_number(second)) if second else None,
    )
    return "The correction is being trained. This page shows how far it is."


def _by_hand(request: HttpRequest) -> dict[int, int | None]:
    """What the fields of the classes say; one that is not there is left to the system."""
    fields = {name.removeprefix(_FIELD): value for name, value in request.POST.items() if name.startswith(_FIELD)}
    return {
        row_number(label): None if value == LEAVE_OUT else row_number(str(value)) for label, value in fields.items()
    }


def _chosen(request: HttpRequest, study: Study) -> Correction:
    related = ("base_model__dataset", "second_base_model__dataset", "study")
    found = study.corrections.counted().select_related(*related)
    return get_object_or_404(found, pk=row_number(request.GET["correction"]))


def _file_of(request: HttpRequest, correction: Correction | None) -> HttpResponse:
    """Hand out a file of a correction that is trained; the page says so where its head is not to be had."""
    if correction is None or correction.state != JobState.DONE:
        raise Http404
    name = f"clarify-{correction.study.slug}-correction-{correction.pk}"
    kind = request.GET.get("file")
    if kind == "json":
        return file_answer(correction_json(correction), JSON, f"{name}.json")
    if "table" in request.GET:
        return table_answer(request, [report(correction)], name)
    if kind != "head":
        raise Http404
    with RefusalsShown(request):
        return file_answer(correction_zip(correction, by=request.user.get_username()), ZIP, f"{name}.zip")
    return HttpResponseRedirect(f"{request.path}?correction={correction.pk}")


ACTS: dict[str, Act] = {
    "train": _train,
    "approve": partial(_decide, Review.APPROVED),
    "reject": partial(_decide, Review.REJECTED),
}
