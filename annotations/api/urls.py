"""Addresses of the API, below /api/v1/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from annotations.api import docs, participants, releases, staff, tables

router = SimpleRouter()
router.register("studies", staff.StudyViewSet)
router.register("tasks", staff.TaskViewSet)
router.register("sessions", staff.SessionViewSet)
router.register("assignments", staff.AssignmentViewSet)
router.register("phrases", staff.PhraseViewSet)
router.register("runs", staff.RunViewSet)
router.register("datasets", staff.DatasetViewSet)
router.register("base-models", staff.BaseModelViewSet)

urlpatterns = [
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("docs/", docs.DocsView.as_view(), name="api-docs"),
    path("assignments/<uuid:public_id>/phrases/", participants.PhrasesView.as_view(), name="api-phrases"),
    path(
        "assignments/<uuid:public_id>/phrases/<uuid:client_uuid>/",
        participants.PhraseView.as_view(),
        name="api-phrase",
    ),
    path("studies/<slug:slug>/tables/", tables.TablesView.as_view(), name="api-tables"),
    path("studies/<slug:slug>/tables/<slug:name>/", tables.TableView.as_view(), name="api-table"),
    path("studies/<slug:slug>/releases/", releases.ReleasesView.as_view(), name="api-releases"),
    path(
        "studies/<slug:slug>/releases/<int:number>/file/",
        releases.ReleaseFileView.as_view(),
        name="api-release-file",
    ),
    path("", include(router.urls)),
    re_path(r"", docs.UnknownAddressView.as_view()),
]
