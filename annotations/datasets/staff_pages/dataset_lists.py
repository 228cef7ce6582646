"""The lists of data sets and base models; each leads to the page of its images."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from annotations.datasets.import_requests import import_progress
from annotations.datasets.staff_pages import data_page, search_page
from annotations.models import UNFINISHED, BaseModel, Dataset, DatasetImport
from annotations.models.base_model import STRENGTH
from annotations.pages.list_columns import column
from annotations.pages.number_formats import percent
from annotations.pages.read_only import ReadOnlyAdmin
from annotations.pages.terms import TERMS


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_title = "Data"
    list_display = ("__str__", "classes", "attributes", "images", "created_at")
    search_fields = ("name",)
    views = {"images": "<int:pk>/images/", "index": "<int:pk>/images/index/"}
    images_view, index_view = staticmethod(search_page.page), staticmethod(search_page.build)
    classes = column("classes", lambda dataset: ", ".join(dataset.class_names))
    attributes = column("group attributes", lambda dataset: ", ".join(dataset.attribute_names) or "none")
    images = column(
        "images: train, validation, test",
        lambda dataset: ", ".join(f"{dataset.counts.get(split, 0):,}" for split in ("train", "validation", "test")),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the list, below the imports that are under way."""
        under_way = DatasetImport.objects.filter(state__in=UNFINISHED).exclude(folder="", archive="")
        context = {"under_way": [(job, import_progress(job)) for job in under_way], **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the data set's own page."""
        return data_page.page(request, self.get_object(request, object_id))


def _by_class(model: BaseModel) -> str:
    shares = zip(model.dataset.class_names, model.validation_accuracies, strict=False)
    return ", ".join(f"{name} {percent(share)}" for name, share in shares)


@admin.register(BaseModel)
class BaseModelAdmin(ReadOnlyAdmin):
    list_title = "Models"
    list_help = f"λ is the {STRENGTH.removesuffix(' (λ)')}. {TERMS['worst group']}"
    list_display = ("words", "dataset", "by_class", "worst_group", "average", "created_at")
    list_filter = ("dataset", "origin")
    search_fields = ("name", "dataset__name")
    list_select_related = ("dataset",)
    words = column("model", lambda model: model.words, ordering="name")
    by_class = column("right by class, validation", _by_class)
    worst_group = column("worst group right, test", lambda model: percent(model.test_metrics["worst_group"]))
    average = column("right, test", lambda model: percent(model.test_metrics["average_plain"]))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the data set's page, with this model's errors."""
        model = self.get_object(request, object_id)
        return data_page.page(request, model.dataset, model)
