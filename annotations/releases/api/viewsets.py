"""What staff can read: lists and single rows, under pseudonyms."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import ReadOnlyModelViewSet

from annotations.models import BaseModel, Dataset, Study, Task
from annotations.pages.api.filters import refuse_unknown
from annotations.releases.api.serializers import BaseModelSerializer, DatasetSerializer, StudySerializer, TaskSerializer
from annotations.releases.download import study_download
from annotations.staff.roles import visible


class _StaffViewSet(ReadOnlyModelViewSet[Any]):
    filters: ClassVar[dict[str, str]] = {}

    def get_queryset(self) -> QuerySet[Any]:
        return visible(super().get_queryset(), self.request.user)


class DatasetViewSet(_StaffViewSet):
    queryset = Dataset.objects.order_by("name", "version")
    serializer_class = DatasetSerializer
    filters: ClassVar[dict[str, str]] = {"name": "name"}


class BaseModelViewSet(_StaffViewSet):
    queryset = BaseModel.objects.order_by("id")
    serializer_class = BaseModelSerializer
    filters: ClassVar[dict[str, str]] = {"dataset": "dataset", "name": "name"}


_TASKS = Task.objects.with_base_models()


class StudyViewSet(_StaffViewSet):
    queryset = Study.objects.prefetch_related(Prefetch("tasks", _TASKS)).order_by("id")
    serializer_class = StudySerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    filters: ClassVar[dict[str, str]] = {"state": "state"}

    @extend_schema(responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The study's export.")})
    @action(detail=True, filter_backends=[])
    def export(self, request: Request, slug: str) -> FileResponse:
        """The study's export, as the command export_study writes it."""
        refuse_unknown(request, ())
        return study_download(self.get_object())


class TaskViewSet(_StaffViewSet):
    queryset = _TASKS.order_by("id")
    serializer_class = TaskSerializer
    filters: ClassVar[dict[str, str]] = {"study": "study__slug"}
