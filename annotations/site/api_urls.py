"""Addresses of the API, below /api/v1/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from annotations.pages.api import schema_pages as docs
from annotations.releases.api import release_views, table_views, viewsets

router = SimpleRouter()
router.register("studies", viewsets.StudyViewSet)
router.register("tasks", viewsets.TaskViewSet)
router.register("datasets", viewsets.DatasetViewSet)
router.register("base-models", viewsets.BaseModelViewSet)

urlpatterns = [
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("docs/", docs.DocsView.as_view(), name="api-docs"),
    path("studies/<slug:slug>/tables/", table_views.TablesView.as_view(), name="api-tables"),
    path("studies/<slug:slug>/tables/<slug:name>/", table_views.TableView.as_view(), name="api-table"),
    path("studies/<slug:slug>/releases/", release_views.ReleasesView.as_view(), name="api-releases"),
    path(
        "studies/<slug:slug>/releases/<int:number>/file/",
        release_views.ReleaseFileView.as_view(),
        name="api-release-file",
    ),
    path("", include(router.urls)),
    re_path(r"", docs.UnknownAddressView.as_view()),
]
