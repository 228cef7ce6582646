"""New study: six fields, with pictures of data, model and class, make a draft; or a copy of another study does."""

from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_slug
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import slugify

from annotations.datasets.staff_pages.class_pictures import ClassPictures, readable_classes, usual_title
from annotations.models import BaseModel, Role, Scheme, Study
from annotations.models.scheme import SCHEME_TITLE
from annotations.models.study import new_code
from annotations.models.study_texts import MAX_TITLE_LENGTH
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.number_formats import MoneyField, TypedDecimalField, row_number
from annotations.pages.page_acts import Answer
from annotations.pages.site_pages import show_site_page
from annotations.pages.typed_classes import Form
from annotations.staff import members, roles
from annotations.studies import lifecycle, rehearsal_requests
from annotations.studies.cloning import clone_study, free_slug
from annotations.studies.preflight.duration import AROUND_MINUTES
from annotations.studies.preflight.pay_checks import low_pay
from annotations.studies.staff_pages.study_sections import HELP, SECTIONS

MAX_MODELS = 6  # that are shown with their pictures; the list of models leads here from each other one
_MINUTES = "Give from half a minute to 120 minutes, for example 10."

NEW_ENTRY = "With pay: people whom Prolific vouches for or you invite; without: anybody with the link · codes"


class NewStudyForm(Form):
    """The six fields, and the scheme.

    `target` is "model:class", so that a class is never of another data set than its model.
    """

    title = forms.CharField(label="Title", max_length=200, required=False)
    target = forms.CharField(error_messages={"required": "Choose the class whose mistakes people look at."})
    quota = forms.IntegerField(label="People", min_value=1, initial=24)
    minutes = TypedDecimalField(
        label="Minutes each",
        min_value=Decimal("0.5"),
        max_value=120,
        initial=10,
        error_messages={"min_value": _MINUTES, "max_value": _MINUTES},
    )
    reward = MoneyField(label="Pay each", required=False)
    scheme = forms.ChoiceField(
        label=SCHEME_TITLE.capitalize(),
        choices=Scheme,
        widget=forms.RadioSelect,
        initial=Scheme.CLASS_EQUAL,
        required=False,
        help_text=HELP["scheme"],
    )

    def clean_target(self) -> tuple[BaseModel, int]:
        model, _, number = self.cleaned_data["target"].partition(":")
        base_model = _models().filter(pk=row_number(model)).first()
        target = row_number(number)
        if base_model is None or not number.isdecimal() or target >= len(base_model.dataset.class_names):
            raise forms.ValidationError("This class is not here any more. Choose another one.")
        return base_model, target


class ModelCard(NamedTuple):
    """A base model to choose, with the classes of which people can be shown right and wrong images."""

    model: BaseModel
    classes: list[ClassPictures]


def page(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST makes the draft, and has it rehearsed where that was asked for."""
    if not roles.may_set_up(request.user):
        raise PermissionDenied
    form = NewStudyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with RefusalsShown(form):
            study = _made(form.cleaned_data, by=request.user.get_username())
            for warning in low_pay(study):
                messages.warning(request, warning)
            return HttpResponseRedirect(_then(study, request))
    cards = _cards(request)
    chosen = form["target"].value() or _asked_for(request, cards)
    titles = [each.title for card in cards for each in card.classes if each.value == chosen]
    form.initial["title"] = next(iter(titles), "")
    new, asked = Study(), ("study", "retraining")
    return show_site_page(
        request,
        "annotations/study/new",
        "New study",
        200,
        form=form,
        cards=cards,
        chosen=chosen,
        chosen_model=row_number(chosen.partition(":")[0]),
        has_more=_models().count() > len(cards),
        topics=[
            (section.title, NEW_ENTRY if section.key == "entry" else section.present(new))
            for section in SECTIONS
            if section.key not in asked
        ],
        currency=Study._meta.get_field("currency").default,
        least=Study._meta.get_field("min_hourly_cents").default,
        around=round(AROUND_MINUTES),
    )


def _models() -> Any:
    return BaseModel.objects.select_related("dataset").order_by("-pk")


def _cards(request: HttpRequest) -> list[ModelCard]:
    """The newest models, that of the address before them."""
    wanted = row_number(request.GET.get("model"))
    models = sorted(_models(), key=lambda model: model.pk != wanted)[:MAX_MODELS]
    cards = [ModelCard(model, readable_classes(request, model)) for model in models]
    return [card for card in cards if card.classes]


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
    """Store the draft, whose coordinator its maker is. Raises NotPossible."""
    base_model, target = given["target"]
    task = {"base_model": base_model, "target_class": target, "time_limit_s": round(given["minutes"] * 60)}
    usual = [usual_title(name) for name in base_model.dataset.class_names]
    title = usual[target] if given["title"] in ("", *usual) else given["title"]  # of another class: chosen before
    return make_draft(
        title,
        task,
        by=by,
        quota=given["quota"],
        reward_cents=given["reward"] or None,
        scheme=given["scheme"] or Scheme.CLASS_EQUAL,
    )


def make_draft(title: str, *tasks: dict[str, Any], by: str, **fields: Any) -> Study:
    """Store a draft, whose coordinator its maker is. tasks, fields: as `create_study`. Raises NotPossible."""
    study = lifecycle.create_study(
        slug=free_slug(slugify(title)[:40].strip("-") or "study"),
        title=title[:MAX_TITLE_LENGTH],
        tasks=tasks,
        only_verified=bool(settings.PROLIFIC_TOKEN or fields.get("reward_cents")),
        completion_code=new_code(),
        by=by,
        **fields,
    )
    members.add(study, by, Role.COORDINATOR, by=by)
    return study


def _then(study: Study, request: HttpRequest) -> str:
    """The page that comes next; a rehearsal is asked for where the form says so."""
    if request.POST.get("then") != "rehearse":
        return reverse("admin:annotations_study_change", args=[study.pk])
    rehearsal_requests.request_rehearsal(study, rehearsal_requests.USUAL_PEOPLE, by=request.user.get_username())
    return reverse("admin:annotations_study_rehearsal", args=[study.pk])


class CloneForm(Form):
    """What the new study is called."""

    title = forms.CharField(max_length=MAX_TITLE_LENGTH)
    slug = forms.CharField(
        max_length=50, validators=[validate_slug], help_text="the last part of its participants’ link"
    )


def clone_page(request: HttpRequest, study: Study) -> Answer:
    """GET asks for a name; POST makes the draft and goes to it."""
    if not roles.may_set_up(request.user):
        return {"status": 403}
    suggested = {"title": f"{study.title} (2)"[:MAX_TITLE_LENGTH], "slug": f"{study.slug[:48]}-2"}
    form = CloneForm(request.POST or None, initial=suggested)
    if request.method == "POST" and form.is_valid():
        with RefusalsShown(form):
            clone = clone_study(study, **form.cleaned_data, by=request.user.get_username())
            said = "The clone is a draft with the same set-up and new codes. Write them into its study on Prolific."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("admin:annotations_study_change", args=[clone.pk]))
    return {"form": form}
