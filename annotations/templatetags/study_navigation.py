"""The navigation among a study's pages, for every template that has the study and the request."""

from typing import Any

from django import template
from django.urls import reverse

from annotations.admin.common.study_pages import StudyPage
from annotations.admin.study_registry import PAGES
from annotations.services.staff import roles

register = template.Library()
GROUPS = {"run": "Run it", "people": "People", "results": "Results"}


@register.inclusion_tag("admin/annotations/study/navigation.html", takes_context=True)
def study_navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Return the pages that the person may open, by group, with the one that is open marked."""
    request, study = context["request"], context["study"]
    allowed = {act: roles.may(request.user, act, study) for act in ("view", "coordinate")}

    def link(page: StudyPage) -> dict[str, Any]:
        url = page.url(study)
        return {"title": page.title, "url": url, "is_here": request.path == url}

    shown = [page for page in PAGES if page.in_navigation and allowed[page.act]]
    shown = [page for page in shown if page.audience in (None, study.audience)]
    groups = [(title, [link(page) for page in shown if page.group == name]) for name, title in GROUPS.items()]
    overview = reverse("admin:annotations_study_change", args=[study.pk])
    return {
        "groups": [(title, links) for title, links in groups if links],
        "overview": {"url": overview, "is_here": request.path == overview},
    }
