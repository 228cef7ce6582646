"""The lists of data sets and base models; each leads to the page of its images."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from annotations.admin.common.number_formats import percent
from annotations.admin.common.read_only import ReadOnlyAdmin
from annotations.admin.datasets import data_page
from annotations.admin.similarity_search import search_page
from annotations.models import BaseModel, Dataset
from annotations.models.arrays import without_arrays


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_title = "Data"
    list_display = ("__str__", "classes", "attributes", "images", "created_at")
    search_fields = ("name",)

    def get_urls(self) -> list[URLPattern]:
        search = path("<int:dataset_id>/images/", self._view(search_page.page), name="annotations_dataset_images")
        build = path("<int:dataset_id>/images/index/", self._view(search_page.build), name="annotations_dataset_index")
        return [search, build, *super().get_urls()]

    def _view(self, page: Callable[[HttpRequest, Dataset], HttpResponse]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, dataset_id: int) -> HttpResponse:
            return page(request, get_object_or_404(self.get_queryset(request), pk=dataset_id))

        return self.admin_site.admin_view(view)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the data set's own page."""
        return data_page.page(request, self.get_object(request, object_id))

    @admin.display(description="classes")
    def classes(self, dataset: Dataset) -> str:
        return ", ".join(dataset.class_names)

    @admin.display(description="group attributes")
    def attributes(self, dataset: Dataset) -> str:
        return ", ".join(dataset.attribute_names) or "none"

    @admin.display(description="images: train, validation, test")
    def images(self, dataset: Dataset) -> str:
        counts = dataset.counts
        return ", ".join(f"{counts.get(split, 0):,}" for split in ("train", "validation", "test"))


@admin.register(BaseModel)
class BaseModelAdmin(ReadOnlyAdmin):
    list_title = "Models"
    list_display = ("name", "dataset", "origin", "l2_coefficient", "by_class", "worst_group", "average", "created_at")
    list_filter = ("dataset", "origin")
    search_fields = ("name", "dataset__name")
    list_select_related = ("dataset",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return without_arrays(super().get_queryset(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the data set's page, with this model's errors."""
        model = self.get_object(request, object_id)
        return data_page.page(request, model.dataset, model)

    @admin.display(description="L2 coefficient λ", ordering="l2")
    def l2_coefficient(self, model: BaseModel) -> float:
        return model.l2

    @admin.display(description="accuracy by class, validation")
    def by_class(self, model: BaseModel) -> str:
        return _named(model.dataset.class_names, model.validation_accuracies)

    @admin.display(description="worst group, test")
    def worst_group(self, model: BaseModel) -> str:
        return percent(model.test_metrics["worst_group"])

    @admin.display(description="right, test")
    def average(self, model: BaseModel) -> str:
        return percent(model.test_metrics["average_plain"])


def _named(names: list[str], shares: list[float | None]) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in zip(names, shares, strict=False))
