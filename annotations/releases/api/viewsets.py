"""What staff can read: lists and single rows, under pseudonyms, and the shape in which they are sent."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import ReadOnlyModelViewSet

from annotations.models import BaseModel, Dataset, Study, Task
from annotations.pages.api.filters import refuse_unknown
from annotations.releases.download import study_download
from annotations.staff.roles import visible


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    class Meta:
        model = Dataset
        fields = (
            "id",
            "name",
            "version",
            "digest",
            "class_names",
            "attribute_names",
            "similarity_encoder",
            "feature_encoder",
            "counts",
            "created_at",
        )


class BaseModelSerializer(serializers.ModelSerializer[BaseModel]):
    class Meta:
        model = BaseModel
        fields = (
            "id",
            "dataset",
            "name",
            "origin",
            "l2",
            "validation_accuracies",
            "test_metrics",
            "training",
            "created_at",
        )


class TaskSerializer(serializers.ModelSerializer[Task]):
    class_name = serializers.CharField(read_only=True)

    class Meta:
        model = Task
        fields = (
            "id",
            "position",
            "base_model",
            "target_class",
            "class_name",
            "text_template",
            "min_phrases",
            "max_phrases",
            "time_limit_s",
        )


class StudySerializer(serializers.ModelSerializer[Study]):
    tasks = TaskSerializer(many=True, read_only=True)

    class Meta:
        model = Study
        fields = (
            "slug",
            "title",
            "state",
            "audience",
            "introduction",
            "goal",
            "scheme",
            "created_at",
            "opened_at",
            "closed_at",
            "tasks",
        )


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
