"""The pages of a study beside its form: each a function of the request and the study, with who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse

from annotations.admin.common.terms import Definitions
from annotations.admin.common.typed_classes import ModelAdmin
from annotations.models import Audience, Study, StudyState
from annotations.services.staff import roles

View = Callable[[HttpRequest, Study], HttpResponseBase]
Place = Literal["setup", "run", "people", "findings"]

CSV, SVG, JSON, ZIP = "text/csv; charset=utf-8", "image/svg+xml", "application/json", "application/zip"


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
    """One page at /admin/annotations/study/<id>/<name>/. `act` is what a person must be allowed to do in the study."""

    name: str
    title: str
    view: View
    act: Literal["view", "coordinate"] = "view"
    place: Place = "run"
    in_navigation: bool = True
    applies_to: Callable[[Study], bool] = lambda study: True  # where it does not, the navigation does not have it

    def url(self, study: Study) -> str:
        return reverse(f"admin:annotations_study_{self.name}", args=[study.pk])


def page_urls(model_admin: ModelAdmin[Study], pages: tuple[StudyPage, ...]) -> list[URLPattern]:
    """Return the addresses of the pages, each behind the admin's login and the study's own permissions."""
    wrap = model_admin.admin_site.admin_view
    return [
        path(f"<int:study_id>/{page.name}/", wrap(partial(_checked, page)), name=f"annotations_study_{page.name}")
        for page in pages
    ]


def page_context(request: HttpRequest, study: Study, title: str, **context: Any) -> dict[str, Any]:
    """Return what every page's template needs, with `context` added."""
    always = {"title": title, "study": study, "opts": Study._meta, "has_token": bool(settings.PROLIFIC_TOKEN)}
    always["definitions"] = Definitions()
    return {**admin.site.each_context(request), **always, **context}


def show_page(
    request: HttpRequest, study: Study, name: str, title: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Answer with the template of one of the pages, and what `page_context` returns."""
    context = page_context(request, study, title, **context)
    return render(request, f"admin/annotations/study/{name}.html", context, status=status)


def _checked(page: StudyPage, request: HttpRequest, study_id: int) -> HttpResponseBase:
    """Answer 404, not 403, for a study that is not the person's: nobody learns what exists."""
    study = get_object_or_404(Study, pk=study_id)
    if not roles.may(request.user, page.act, study):
        raise Http404
    return page.view(request, study)


def file_answer(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    """Return an answer that the browser saves as a file. name: of letters, digits, "-", "_" and "."."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})
