"""Data sets and base models, which commands bring in; here they are looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from annotations.admin.common.number_formats import percent
from annotations.admin.common.read_only import ReadOnlyAdmin
from annotations.models import BaseModel, Dataset
from annotations.models.arrays import without_arrays
from modeling.arrays.datasets.groups import group_names


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "classes", "attributes", "images", "similarity_encoder", "created_at")
    search_fields = ("name",)
    fields = (
        "name",
        "version",
        "classes",
        "attributes",
        "images",
        "similarity_encoder",
        "feature_encoder",
        "digest",
        "directory",
        "created_at",
    )
    readonly_fields = ("classes", "attributes", "images")

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
    list_display = ("name", "dataset", "origin", "l2_coefficient", "by_class", "worst_group", "average", "created_at")
    list_filter = ("dataset", "origin")
    search_fields = ("name", "dataset__name")
    list_select_related = ("dataset",)
    readonly_fields = ("l2_coefficient", "by_class", "worst_group", "average", "by_group")
    fields = ("name", "dataset", "origin", *readonly_fields, "training", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return without_arrays(super().get_queryset(request))

    @admin.display(description="L2 coefficient λ", ordering="l2")
    def l2_coefficient(self, model: BaseModel) -> float:
        return model.l2

    @admin.display(description="accuracy by class, validation")
    def by_class(self, model: BaseModel) -> str:
        return _named(model.dataset.class_names, model.validation_accuracies)

    @admin.display(description="worst group, test")
    def worst_group(self, model: BaseModel) -> str:
        return percent(model.test_metrics["worst_group"])

    @admin.display(description="average, test")
    def average(self, model: BaseModel) -> str:
        return percent(model.test_metrics["average"])

    @admin.display(description="accuracy by group, test")
    def by_group(self, model: BaseModel) -> str:
        groups = group_names(model.dataset.class_names, model.dataset.attribute_names)
        return _named(groups, model.test_metrics["accuracies"])


def _named(names: list[str], shares: list[float | None]) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in zip(names, shares, strict=False))
