"""The page of a data set, or of one of its base models: its images, where the model is wrong, and what can be done."""

import csv
import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from annotations.base.service_errors import NotPossible
from annotations.datasets import dataset_changes as library
from annotations.datasets.base_models import import_predictions
from annotations.datasets.class_images import class_images
from annotations.datasets.model_errors import model_errors
from annotations.datasets.staff_pages.class_pictures import classes_of
from annotations.datasets.staff_pages.pictures import pairs_of, pictures_of
from annotations.models import BaseModel, Dataset, DatasetImport, ImageIndex
from annotations.models.dataset import STRENGTH
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.number_formats import TypedFloatField, row_number
from annotations.pages.page_acts import SiteAct, answer_to_act
from annotations.pages.site_pages import show_site_page
from annotations.pages.typed_classes import Form
from annotations.pages.uploads import take_form
from annotations.staff import roles
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import POOL, REPORT

MAX_GROUPS, MAX_CLASSES, MAX_WORDS, MAX_LISTED = 12, 8, 6, 100
WRONG_SHOWN, OF_CLASS_SHOWN, PER_PAGE = 6, 12, 120
LARGEST_FILE = 50 * 2**20
SIDES = ("wrong", "right")


class PredictionsForm(Form):
    """A file of predictions, and what the base model is called."""

    name = forms.SlugField(label="Name of the model", max_length=60)
    file = forms.FileField(
        label="CSV file", help_text="Columns image, split and predicted; all of validation and test."
    )
    l2 = TypedFloatField(
        label=STRENGTH.capitalize(),
        required=False,
        min_value=1e-12,
        max_value=1e6,
        initial=settings.DEFAULT_L2,
        help_text=f"Of the last layers that are trained with people’s words. Empty: {settings.DEFAULT_L2:g}.",
    )


def page(request: HttpRequest, dataset: Dataset, chosen: BaseModel | None = None) -> HttpResponse:
    """Show a data set with one of its models."""
    if request.method == "POST":
        if not roles.may_set_up(request.user):
            raise Http404
        return answer_to_act(request, ACTS, dataset)
    models = list(dataset.base_models.order_by("-pk"))
    model = chosen or next((each for each in models if each.pk == row_number(request.GET.get("model"))), None)
    model = model or next(iter(models), None)
    index = ImageIndex.objects.usable(dataset)
    owner, studies = f"user:{request.user.pk}", library.studies_of(dataset)
    context: dict[str, Any] = {
        "dataset": dataset,
        "models": models,
        "model": model,
        "may_delete": _may_delete(request, dataset),
        "studies": [study for study in studies if roles.may(request.user, "view", study)],
        "n_studies": len(studies),
        "predictions": PredictionsForm() if roles.may_upload(request.user) else None,
        "image_index": index,
        "duplicates": index.near_duplicates if index else {},
        "counts": [(split, dataset.counts.get(split, 0)) for split in ("train", "validation", "test")],
        "jobs": DatasetImport.objects.filter(dataset=dataset, l2__isnull=False)[:3],
    }
    try:
        context["pairs"] = list(pairs_of(owner, dataset, index)) if index else []
        is_pool = dataset.files.manifest.source_format == POOL  # whose thumbnails are made when somebody is to see them
        context["n_without_picture"] = 0 if is_pool else int((~dataset.files.pictured).sum())
        context["left_out"] = list(left_out_files(dataset))
        context["n_left_out"] = sum(dataset.files.manifest.report.get("left_out", {}).values())
        context |= _of_model(request, owner, dataset, model) if model else {}
    except (ModelingError, OSError) as error:
        context["problem"] = f"Its files cannot be read: {error}"
    return show_site_page(request, "annotations/dataset/page", str(dataset), **context)


def _of_model(request: HttpRequest, owner: str, dataset: Dataset, model: BaseModel) -> dict[str, Any]:
    number, side = row_number(request.GET.get("class")), request.GET.get("side")
    if side in SIDES and number < len(dataset.class_names):
        images = class_images(model, number)
        rows = images.rows[images.is_error if side == "wrong" else ~images.is_error]
        shown = Paginator(rows.tolist(), PER_PAGE).get_page(request.GET.get("page", 1))
        return {
            "all_of": f"{dataset.class_names[number]}: {len(rows):,} {side}",
            "shown": shown,
            "pictures": pictures_of(owner, dataset, list(shown)),
            "address": f"model={model.pk}&class={number}&side={side}",
        }
    errors = model_errors(model)
    names = [str(name) for name in dataset.class_names]
    groups = [
        (group, pictures_of(owner, dataset, group.wrong[:WRONG_SHOWN].tolist())) for group in errors.groups[:MAX_GROUPS]
    ]
    return {
        "average": errors.average,
        "groups": groups,
        "n_more_groups": max(0, len(errors.groups) - MAX_GROUPS),
        "classes": classes_of(owner, model, OF_CLASS_SHOWN, MAX_CLASSES),
        "said": list(zip(names, _marked(errors.said.tolist()), strict=True)) if len(names) <= MAX_WORDS else [],
        "names": names,
        "confusions": errors.confusions(names, 10) if len(names) > MAX_WORDS else [],
    }


def _marked(rows: Sequence[Sequence[int]]) -> list[list[tuple[int, bool]]]:
    """Each count with whether it is of right answers."""
    return [[(n, place == at) for at, n in enumerate(row)] for place, row in enumerate(rows)]


def left_out_files(dataset: Dataset) -> Iterable[dict[str, str]]:
    """The files that the import left out, and why: the first ones."""
    path = dataset.files.directory / REPORT
    if path.exists():
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
            for row in islice(csv.DictReader(lines), MAX_LISTED):
                yield {name: value.encode("utf-8", "replace").decode() for name, value in row.items()}


def _may_delete(request: HttpRequest, dataset: Dataset) -> bool:
    own = DatasetImport.objects.filter(dataset=dataset, requested_by=request.user.get_username())
    return roles.is_operator(request.user) or (roles.may_set_up(request.user) and own.exists())


def _name(request: HttpRequest, dataset: Dataset, by: str) -> str:
    classes, groups = (request.POST.get(field, "").strip().splitlines() for field in ("names", "groups"))
    library.name_classes(dataset, classes, groups, by=by)
    return "The names are stored."


def _train(request: HttpRequest, dataset: Dataset, by: str) -> HttpResponse:
    job = library.request_training(dataset, _l2(request.POST.get("l2", "")), by=by)
    return redirect("admin:annotations_datasetimport_change", job.pk)


def _delete(request: HttpRequest, dataset: Dataset, by: str) -> HttpResponse:
    if not _may_delete(request, dataset):
        raise Http404
    library.delete_dataset(dataset, by=by)
    messages.success(request, f"{dataset} is deleted.")
    return redirect("admin:annotations_dataset_changelist")


ACTS: dict[str, SiteAct] = {"name": _name, "train": _train, "delete": _delete}


def _l2(text: str) -> float:
    try:
        return float(TypedFloatField(min_value=1e-12, max_value=1e6).clean(text))
    except ValidationError as error:
        raise NotPossible(f"Give the {STRENGTH} as a number above 0, for example 0.001.") from error


@csrf_exempt  # `take_in` checks the token, before it reads anything
def upload_predictions(request: HttpRequest, pk: int) -> HttpResponse:
    """Store the predictions of any classifier as a base model, and go to its page."""
    if not roles.may_set_up(request.user):
        raise Http404
    dataset = get_object_or_404(Dataset, pk=pk)
    here = reverse("admin:annotations_dataset_change", args=[dataset.pk])
    if request.method == "POST":
        with RefusalsShown(request):
            given = take_form(request, PredictionsForm, LARGEST_FILE)
            if isinstance(given, HttpResponse):
                return given
            here = _stored(request, dataset, given)
    return HttpResponseRedirect(here)


def _stored(request: HttpRequest, dataset: Dataset, given: dict[str, Any]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "predictions.csv"
        file.write_bytes(given["file"].read())
        l2 = given["l2"] or settings.DEFAULT_L2
        model, is_new = import_predictions(dataset, name=given["name"], file=file, l2=l2)
    messages.success(request, f"{model} is stored." if is_new else f"{model} was here already.")
    return reverse("admin:annotations_basemodel_change", args=[model.pk])
