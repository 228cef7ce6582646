"""The pages of a study beside its form: each a function of the request and the study, with who may see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from annotations.models import Audience, Study, StudyState
from annotations.pages.page_acts import Act, Answer, FormRefused, answer_to_act
from annotations.pages.site_pages import show_site_page
from annotations.pages.typed_classes import ModelAdmin
from annotations.staff import roles

View = Callable[[HttpRequest, Study], Answer]
Place = Literal["setup", "run", "people", "findings"]

CSV, SVG, JSON = "text/csv; charset=utf-8", "image/svg+xml", "application/json"
PDF, ZIP = "application/pdf", "application/zip"


def is_for_crowd(study: Study) -> bool:
    """Whether people come to the study by its link."""
    return study.audience == Audience.CROWD


def is_for_experts(study: Study) -> bool:
    """Whether people who are logged in here annotate."""
    return study.audience == Audience.EXPERTS


def has_begun(study: Study) -> bool:
    """Whether the study was opened."""
    return study.state != StudyState.DRAFT


def crowd_came(study: Study) -> bool:
    """Whether people may have come to the study by its link."""
    return is_for_crowd(study) and has_begun(study)


@dataclass(frozen=True)
class StudyPage:
    """One page at /admin/annotations/study/<id>/<name>/.

    view: returns the context of the page's template, or another answer. acts: what a POST may ask for, by the value of
    its field "act". Without acts the view answers a POST too. hidden: the navigation does not have it. sees, does:
    what a person must be allowed to do in the study to see the page, and to do its acts.
    """

    name: str
    title: str
    view: View
    place: Place
    applies_to: Callable[[Study], bool] = lambda study: True  # where it does not, the navigation does not have it
    acts: Mapping[str, Act] | None = None
    hidden: bool = False
    sees: Literal["view", "coordinate"] = "coordinate"
    does: Literal["view", "coordinate"] = "coordinate"

    def url(self, study: Study) -> str:
        return reverse(f"admin:annotations_study_{self.name}", args=[study.pk])


def page_urls(model_admin: ModelAdmin[Study], pages: tuple[StudyPage, ...]) -> list[URLPattern]:
    """Return the addresses of the pages, each behind the admin's login and the study's own permissions."""
    wrap = model_admin.admin_site.admin_view
    return [
        path(f"<int:study_id>/{page.name}/", wrap(partial(_checked, page)), name=f"annotations_study_{page.name}")
        for page in pages
    ]


def show_page(request: HttpRequest, study: Study, name: str, title: str, **context: Any) -> HttpResponse:
    """Answer with the template of one of the pages, and what all of them need."""
    of_all = {
        "study": study,
        "may_act": roles.may(request.user, "coordinate", study),
        "has_token": bool(settings.PROLIFIC_TOKEN),
    }
    return show_site_page(request, f"annotations/study/{name}", title, **{**of_all, **context})


def _checked(page: StudyPage, request: HttpRequest, study_id: int) -> HttpResponseBase:
    """Answer 404, not 403, for a study that is not the person's: nobody learns what exists."""
    study = get_object_or_404(Study, pk=study_id)
    is_act = request.method == "POST" and page.acts is not None
    if not roles.may(request.user, page.does if is_act else page.sees, study):
        raise Http404
    refused: dict[str, Any] = {}
    try:
        answer = answer_to_act(request, page.acts or {}, study) if is_act else page.view(request, study)
    except FormRefused as error:
        answer, refused = page.view(request, study), {error.name: error.form, "status": 400}
    if isinstance(answer, HttpResponseBase):
        return answer
    return show_page(request, study, page.name, **{"title": page.title, **answer, **refused})


def file_answer(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    """Return an answer that the browser saves as a file. name: of letters, digits, "-", "_" and "."."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})
