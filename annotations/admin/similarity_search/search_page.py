"""Images of a data set that are like words, like some of its images, and unlike others."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from annotations.admin.common.number_formats import row_number
from annotations.admin.similarity_search.pictures import Picture, pictures_of
from annotations.models import UNFINISHED, Dataset, ImageIndex, ImageSearch, JobState
from annotations.readings.datasets.image_grids import sample
from annotations.services import image_searches
from annotations.services.common.service_errors import ServiceError
from annotations.services.staff import roles
from modeling.arrays.datasets.dataset_files import POOL

SHOWN = 24  # images to begin with
_LIKE, _UNLIKE = "+", "-"


class IndexForm(forms.Form):
    """From which similarity on two images are near-duplicates."""

    duplicate_threshold = forms.FloatField(
        label="Near-duplicates are more similar than",
        min_value=0,
        max_value=1,
        initial=ImageIndex._meta.get_field("duplicate_threshold").default,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text="Cosine similarity of their embeddings, at most 1.",
    )


def page(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """GET shows the form, and the results of one's own search; POST asks for a search and goes to it."""
    if request.method != "POST":
        return _shown(request, dataset, _own_search(request, dataset))
    words = request.POST.get("words", "")
    like, unlike = _examples(request.POST)
    try:
        search = image_searches.request_search(
            dataset, words=words, like=like, unlike=unlike, by=request.user.get_username(), searched_in=_pool(request)
        )
    except ServiceError as error:
        return _shown(request, dataset, None, words=words, problem=error.message, status=error.status)
    return HttpResponseRedirect(f"{_address(dataset)}?search={search.pk}")


def build(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """Ask for the data set's index, and go back to the page that shows how far it is."""
    if not roles.may_set_up(request.user):
        raise Http404
    form = IndexForm(request.POST)
    if request.method == "POST" and form.is_valid():
        image_searches.request_index(dataset, **form.cleaned_data, by=request.user.get_username())
    elif request.method == "POST":
        messages.error(request, "The similarity of near-duplicates must be a number between 0 and 1.")
    return HttpResponseRedirect(_address(dataset))


def _address(dataset: Dataset) -> str:
    return reverse("admin:annotations_dataset_images", args=[dataset.pk])


def _own_search(request: HttpRequest, dataset: Dataset) -> ImageSearch | None:
    given = request.GET.get("search", "")
    if not given:
        return None
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    return get_object_or_404(ImageSearch, pk=number, dataset=dataset, requested_by=request.user.get_username())


def _examples(posted: QueryDict) -> tuple[list[int], list[int]]:
    """The rows that were marked + and -: each image has a field `row_<row>`."""
    marked = [(name.removeprefix("row_"), sign) for name, sign in posted.items() if name.startswith("row_")]
    numbers = [(int(row), sign) for row, sign in marked if row.isascii() and row.isdigit() and len(row) < 19]
    return [row for row, sign in numbers if sign == _LIKE], [row for row, sign in numbers if sign == _UNLIKE]


def _pool(request: HttpRequest) -> Dataset | None:
    return Dataset.objects.filter(pk=row_number(request.POST.get("searched_in")), pool__isnull=False).first()


def _pools(dataset: Dataset) -> list[Dataset]:
    """The pools that can be searched by examples of this data set."""
    indexed = Dataset.objects.filter(pool__isnull=False, image_indexes__state=JobState.DONE).exclude(pk=dataset.pk)
    return list(indexed.filter(similarity_encoder=dataset.similarity_encoder).distinct())


def _shown(
    request: HttpRequest,
    dataset: Dataset,
    search: ImageSearch | None,
    *,
    words: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    index, latest = ImageIndex.objects.usable(dataset), ImageIndex.objects.filter(dataset=dataset).first()
    is_building = latest is not None and latest.state in UNFINISHED
    is_pending = search is not None and search.state in UNFINISHED
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Images of {dataset}",
        "opts": Dataset._meta,
        "dataset": dataset,
        "index": index,
        "failed": latest if latest is not None and latest.state == JobState.FAILED else None,
        "building": latest if is_building else None,
        "form": IndexForm(),
        "may_set_up": roles.may_set_up(request.user),
        "search": search,
        "words": search.words if search else words,
        "problem": problem,
        "is_pending": is_pending,
        "live": "1" if is_pending or is_building else "",
        "examples": _example_pictures(request, dataset, search),
        "pools": _pools(dataset),
        "pictures": _pictures(request, dataset, search) if index and not is_pending else [],
    }
    return render(request, "admin/annotations/dataset/images.html", context, status=status)


def _example_pictures(request: HttpRequest, dataset: Dataset, search: ImageSearch | None) -> list[Picture]:
    if search is None:
        return []
    owner = f"user:{request.user.pk}"
    like, unlike = (
        pictures_of(owner, dataset, rows, sign=sign) for rows, sign in ((search.like, _LIKE), (search.unlike, _UNLIKE))
    )
    return [*like, *unlike]


def _pictures(request: HttpRequest, dataset: Dataset, search: ImageSearch | None) -> list[Picture]:
    """The images that were found; where nothing was asked, some of the data set to begin with."""
    owner = f"user:{request.user.pk}"
    if search is not None:
        return pictures_of(owner, search.target, search.rows, similarities=search.similarities)
    if dataset.files.manifest.source_format == POOL:  # nobody has made thumbnails of these
        return []
    rows = sample(dataset.files.n_rows, SHOWN, 0, (dataset.pk,))
    return pictures_of(owner, dataset, rows.tolist())
