"""Releases over the API: which there are, and their files."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.models import Release, Study
from annotations.pages.api.filters import refuse_unknown
from annotations.releases.download import release_download
from annotations.staff.roles import visible


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A release; digest is the SHA-256 of its file. One that is superseded is not handed out any more."""

    class Meta:
        model = Release
        fields = (
            "number",
            "state",
            "error",
            "snapshot_at",
            "last_event",
            "code_version",
            "digest",
            "size",
            "manifest",
            "licence",
            "doi",
            "authors",
            "superseded_at",
            "superseded_reason",
            "created_at",
            "finished_at",
        )


class ReleasesView(ListAPIView[Release]):
    """Lists the releases of a study, the newest first."""

    serializer_class = ReleaseSerializer
    filters = {"state": "state"}
    queryset = Release.objects.none()  # tells the schema the model

    def get_queryset(self) -> Any:
        study = get_object_or_404(visible(Study.objects.all(), self.request.user), slug=self.kwargs["slug"])
        return study.releases.order_by("-number")


class ReleaseFileView(APIView):
    """Hands out the file of a release; 410 once somebody who is in it withdrew."""

    @extend_schema(
        operation_id="releases_file",
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The release.")},
    )
    def get(self, request: Request, slug: str, number: int) -> FileResponse:
        study = get_object_or_404(visible(Study.objects.all(), request.user), slug=slug)
        refuse_unknown(request, ())
        return release_download(get_object_or_404(study.releases, number=number), by=request.user.get_username())
