"""The lists of data sets and base models; each leads to the page of its images.

There people search for images that are like words, like some of its images, and unlike others.
"""

import re
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from annotations.base.service_errors import ServiceError
from annotations.datasets import image_searches
from annotations.datasets.image_searches import Example
from annotations.datasets.import_requests import import_progress
from annotations.datasets.staff_pages import data_page
from annotations.datasets.staff_pages.pictures import Picture, pictures_of
from annotations.models import UNFINISHED, BaseModel, Dataset, DatasetImport, ImageIndex, ImageSearch
from annotations.models.dataset import STRENGTH
from annotations.pages.list_columns import column
from annotations.pages.number_formats import TypedFloatField, percent, row_number
from annotations.pages.read_only import ReadOnlyAdmin
from annotations.pages.site_pages import show_site_page
from annotations.pages.terms import TERMS
from annotations.pages.typed_classes import Form
from annotations.staff import roles
from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.datasets.dataset_files import POOL
from clarify_errors.arrays.embeddings.duplicate_limits import COPIES_ABOVE

SHOWN = 24  # images to begin with
_LIKE, _UNLIKE = "+", "-"
_FIELD = re.compile(r"row_([0-9]{1,18})_([0-9]{1,18})")


class IndexForm(Form):
    """From which similarity on two images are near-duplicates."""

    duplicate_threshold = TypedFloatField(
        label="Near-duplicates are more similar than",
        min_value=0,
        max_value=COPIES_ABOVE,
        required=False,
        help_text=f"Cosine similarity, at most {COPIES_ABOVE}. Empty: it follows from the images themselves.",
    )


def page(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """GET shows the form, and the results of one's own search; POST asks for a search and goes to it."""
    if request.method != "POST":
        return _shown(request, dataset, _own_search(request, dataset))
    words, by = request.POST.get("words", ""), request.user.get_username()
    like, unlike = _examples(request.POST)
    try:
        search = image_searches.request_search(
            dataset, words=words, like=like, unlike=unlike, by=by, searched_in=_pool(request)
        )
    except ServiceError as error:
        return _shown(request, dataset, None, words=words, problem=error.message, status=400)
    model = f"&model={row_number(request.POST['model'])}" if "model" in request.POST else ""
    return HttpResponseRedirect(f"{_address(dataset)}?search={search.pk}{model}")


def build(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """Ask for the data set's index, and go back to the page that shows how far it is."""
    if not roles.may_set_up(request.user):
        raise Http404
    form = IndexForm(request.POST)
    if request.method == "POST" and form.is_valid():
        image_searches.request_index(dataset, **form.cleaned_data, by=request.user.get_username())
    elif request.method == "POST":
        messages.error(
            request, f"The similarity of near-duplicates must be a number from 0 to {COPIES_ABOVE}, or empty."
        )
    return HttpResponseRedirect(_address(dataset))


def _address(dataset: Dataset) -> str:
    return reverse("admin:annotations_dataset_images", args=[dataset.pk])


def _own_search(request: HttpRequest, dataset: Dataset) -> ImageSearch | None:
    given = request.GET.get("search", "")
    if not given:
        return None
    by = request.user.get_username()
    return get_object_or_404(ImageSearch, pk=row_number(given), dataset=dataset, requested_by=by)


def _examples(posted: QueryDict) -> tuple[list[Example], list[Example]]:
    """The images that were marked + and -: each has a field `row_<data set>_<row>`."""
    marked = [(_FIELD.fullmatch(name), sign) for name, sign in posted.items()]
    found = [((int(match[1]), int(match[2])), sign) for match, sign in marked if match]
    return [each for each, sign in found if sign == _LIKE], [each for each, sign in found if sign == _UNLIKE]


def _pool(request: HttpRequest) -> Dataset | None:
    return Dataset.objects.filter(pk=row_number(request.POST.get("searched_in")), pool__isnull=False).first()


def _shown(request: HttpRequest, dataset: Dataset, search: ImageSearch | None, **refused: Any) -> HttpResponse:
    """Show the page. refused: the words of a search that was not asked for, why, and the status."""
    index, latest = ImageIndex.objects.usable(dataset), ImageIndex.objects.filter(dataset=dataset).first()
    is_building = latest is not None and latest.state in UNFINISHED
    is_pending = search is not None and search.state in UNFINISHED
    models = list(dataset.base_models.order_by("-pk"))
    chosen = row_number(request.POST.get("model") or request.GET.get("model"))
    model = next((each for each in models if each.pk == chosen), next(iter(models), None))
    context: dict[str, Any] = {
        "dataset": dataset,
        "index": index,
        "latest": latest,
        "building": latest if is_building else None,
        "form": IndexForm(),
        "search": search,
        "words": search.words if search else "",
        "is_pending": is_pending,
        "live": "1" if is_pending or is_building else "",
        "models": models,
        "model": model,
        "examples": _example_pictures(request, search, model),
        "pools": image_searches.searchable_pools(dataset),
        "pictures": _pictures(request, dataset, search, model) if index and not is_pending else [],
    }
    return show_site_page(request, "annotations/dataset/images", f"Images of {dataset}", **{**context, **refused})


def _example_pictures(request: HttpRequest, search: ImageSearch | None, model: BaseModel | None) -> list[Picture]:
    if search is None:
        return []
    signed = [*((_LIKE, *each) for each in search.like), *((_UNLIKE, *each) for each in search.unlike)]
    there = Dataset.objects.in_bulk({number for _, number, _ in signed})  # without pools that have changed since
    return [
        picture
        for sign, number, row in signed
        if number in there
        for picture in pictures_of(f"user:{request.user.pk}", there[number], [row], sign=sign, model=model)
    ]


def _pictures(
    request: HttpRequest, dataset: Dataset, search: ImageSearch | None, model: BaseModel | None
) -> list[Picture]:
    """The images that were found; where nothing was asked, some of the data set to begin with."""
    owner = f"user:{request.user.pk}"
    if search is not None:
        return pictures_of(owner, search.target, search.rows, similarities=search.similarities, model=model)
    if dataset.files.manifest.source_format == POOL:  # nobody has made thumbnails of these
        return []
    rows = sample(dataset.files.n_rows, SHOWN, 0, (dataset.pk,))
    return pictures_of(owner, dataset, rows.tolist(), model=model)


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_title = "Data"
    list_display = ("__str__", "classes", "attributes", "images", "created_at")
    search_fields = ("name",)
    views = {"images": "<int:pk>/images/", "index": "<int:pk>/images/index/"}
    images_view, index_view = staticmethod(page), staticmethod(build)
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
