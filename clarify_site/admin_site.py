"""The admin site: its titles, and the order in which the job needs its parts."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from annotations.models import Study

_ORDER = (
    "Study",
    "AnnotationSession",
    "Assignment",
    "Phrase",
    "Run",
    "BaseModel",
    "Dataset",
    "Event",
)
_NEWEST = 10


class ClarifyAdminSite(AdminSite):
    site_header = "Clarify"
    site_title = "Clarify"
    index_title = "Studies and what came of them"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the newest studies above everything else to those who may see them."""
        studies = self.get_model_admin(Study)
        may_view = studies.has_view_permission(request)
        context = {
            "studies": studies.get_queryset(request)[:_NEWEST] if may_view else None,
            "may_add_study": studies.has_add_permission(request),
        }
        return super().index(request, {**context, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put the studies first, and within them the parts in the order of the work instead of the alphabet's."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "annotations":
                app["models"].sort(key=lambda model: _ORDER.index(model["object_name"]))
        return sorted(apps, key=lambda app: app["app_label"] != "annotations")
