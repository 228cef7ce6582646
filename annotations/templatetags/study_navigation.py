"""The head of a study's pages: its places, the pages of the one that is open, and what comes next there."""

from typing import Any

from django import template
from django.urls import reverse

from annotations.pages.study_pages import Place, StudyPage
from annotations.site.study_overview import next_step, steps_from
from annotations.site.study_registry import PAGES
from annotations.staff import roles
from annotations.studies.study_progress import has_simulated_people

register = template.Library()
PLACES: dict[Place, str] = {"setup": "Set up", "run": "Run", "people": "People and money", "findings": "Findings"}


@register.inclusion_tag("admin/annotations/study/navigation.html", takes_context=True)
def study_navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Return the places and pages that the person may open, with what is open marked, and the next step."""
    request, study = context["request"], context["study"]
    allowed = {act: roles.may(request.user, act, study) for act in ("view", "coordinate")}
    overview = reverse("admin:annotations_study_change", args=[study.pk])
    is_overview = request.path == overview and context.get("is_overview", False)
    here = next((page for page in PAGES if request.path == page.url(study)), None)
    place = None if is_overview else here.place if here else "setup"
    shown = [page for page in PAGES if not page.hidden and allowed[page.sees] and page.applies_to(study)]

    def link(page: StudyPage, title: str, *, is_here: bool) -> dict[str, Any]:
        return {"title": title, "url": page.url(study), "is_here": is_here}

    firsts = {each: next((page for page in shown if page.place == each), None) for each in PLACES}
    is_of_one = here is not None and here.hidden  # such as one submission's: what is next reads all of them
    step = next_step(study, place) if allowed["coordinate"] and not is_of_one else None
    return {
        "study": study,
        "is_simulated": has_simulated_people(study),
        "title": context.get("title", ""),
        "overview": {"url": overview, "is_here": is_overview},
        "places": [link(page, PLACES[each], is_here=each == place) for each, page in firsts.items() if page],
        "pages": [link(page, page.title, is_here=page is here) for page in shown if page.place == place],
        "next": step if step and (step.is_broken or step.url != request.path) else None,
        "leads_on": step is not None and step.url != request.path,
        "steps": steps_from(study) if allowed["coordinate"] else [],
        "may_act": allowed["coordinate"],
    }
