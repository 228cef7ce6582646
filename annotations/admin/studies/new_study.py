"""New study: six fields, with pictures of data, model and class, make a draft that can be rehearsed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify

from annotations.admin.common.money_fields import MoneyField
from annotations.admin.common.number_formats import row_number
from annotations.admin.datasets.class_pictures import ClassPictures, classes_of
from annotations.admin.studies.study_sections import present_values
from annotations.models import BaseModel, Role, Study
from annotations.models.arrays import without_arrays
from annotations.models.study import new_code
from annotations.services.common.service_errors import ServiceError
from annotations.services.staff import members, roles
from annotations.services.studies import lifecycle
from annotations.services.visits import rehearsals
from modeling.arrays.datasets.dataset_files import BadDataset

MAX_MODELS = 6  # that are shown with their pictures; the list of models leads here from each other one
_MINUTES = "Give from half a minute to 120 minutes, for example 10."


class NewStudyForm(forms.Form):
    """The six fields. `target` is "model:class", so that a class is never of another data set than its model."""

    title = forms.CharField(label="Title", max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))
    target = forms.CharField(error_messages={"required": "Choose the class whose mistakes people look at."})
    quota = forms.IntegerField(label="People", min_value=1, initial=24)
    minutes = forms.DecimalField(
        label="Minutes each",
        min_value=Decimal("0.5"),
        max_value=120,
        initial=10,
        error_messages={"min_value": _MINUTES, "max_value": _MINUTES},
    )
    reward = MoneyField(label="Pay each", required=False)

    def clean_target(self) -> tuple[BaseModel, int]:
        model, _, number = self.cleaned_data["target"].partition(":")
        base_model = _models().filter(pk=row_number(model)).first()
        target = row_number(number)
        if base_model is None or not number.isdecimal() or target >= len(base_model.dataset.class_names):
            raise forms.ValidationError("This class is not here any more. Choose another one.")
        return base_model, target


@dataclass(frozen=True)
class ModelCard:
    """A base model to choose, with the classes of which people can be shown right and wrong images."""

    model: BaseModel
    average: float
    classes: list[ClassPictures]

    @property
    def images(self) -> str:
        return f"{sum(self.model.dataset.counts.values()):,}"


def page(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST makes the draft, and has it rehearsed where that was asked for."""
    if not roles.may_set_up(request.user):
        raise PermissionDenied
    form, problem = NewStudyForm(request.POST or None, label_suffix=""), ""
    if request.method == "POST" and form.is_valid():
        try:
            study = _made(form.cleaned_data, by=request.user.get_username())
            return HttpResponseRedirect(_then(study, request))
        except ServiceError as error:
            problem = error.message
    cards = _cards(request)
    chosen = form["target"].value() or _asked_for(request, cards)
    context = {
        **admin.site.each_context(request),
        "title": "New study",
        "opts": Study._meta,
        "form": form,
        "problem": problem,
        "cards": cards,
        "chosen": chosen,
        "chosen_model": row_number(chosen.partition(":")[0]),
        "has_more": _models().count() > len(cards),
        "topics": present_values(Study())[1:],
        "currency": Study._meta.get_field("currency").default,
    }
    return render(request, "admin/annotations/study/new.html", context)


def _models() -> Any:
    return without_arrays(BaseModel.objects.select_related("dataset")).order_by("-pk")


def _cards(request: HttpRequest) -> list[ModelCard]:
    """The newest models, that of the address before them."""
    wanted = row_number(request.GET.get("model"))
    models = sorted(_models(), key=lambda model: model.pk != wanted)[:MAX_MODELS]
    cards = []
    for model in models:
        try:
            classes = classes_of(f"user:{request.user.pk}", model)
        except (BadDataset, OSError):
            continue  # its page says what is wrong with it
        if classes:
            cards.append(ModelCard(model, model.test_metrics["average_plain"], classes))
    return cards


def _asked_for(request: HttpRequest, cards: list[ModelCard]) -> str:
    """The class of the address, else the one with most mistakes of the first model."""
    wanted = row_number(request.GET.get("class"))
    for card in cards[:1]:
        numbers = [each.number for each in card.classes]
        number = wanted if "class" in request.GET and wanted in numbers else numbers[0]
        return f"{card.model.pk}:{number}"
    return ""


@transaction.atomic
def _made(given: dict[str, Any], *, by: str) -> Study:
    """Store the draft, whose coordinator its maker is. Raises StudyUnacceptable."""
    base_model, target = given["target"]
    task = {"base_model": base_model, "target_class": target, "time_limit_s": round(given["minutes"] * 60)}
    study = lifecycle.create_study(
        slug=_free_slug(given["title"]),
        title=given["title"],
        tasks=[task],
        quota=given["quota"],
        reward_cents=given["reward"] or None,
        only_verified=bool(settings.PROLIFIC_TOKEN or given["reward"]),
        completion_code=new_code(),
        by=by,
    )
    members.add(study, by, Role.COORDINATOR, by=by)
    return study


def _free_slug(title: str) -> str:
    slug = slugify(title)[:40].strip("-") or "study"
    taken = set(Study.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(each for each in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if each not in taken)


def _then(study: Study, request: HttpRequest) -> str:
    """The page that comes next; a rehearsal is asked for where the form says so."""
    if request.POST.get("then") != "rehearse":
        return reverse("admin:annotations_study_change", args=[study.pk])
    rehearsals.request_rehearsal(study, rehearsals.USUAL_PEOPLE, by=request.user.get_username())
    return reverse("admin:annotations_study_rehearsal", args=[study.pk])
