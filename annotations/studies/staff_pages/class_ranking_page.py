"""Which classes of a model are worth a study: those whose errors a keyword names, to be ticked and made one of."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from annotations.models import BaseModel
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.site_pages import show_site_page
from annotations.staff import roles
from annotations.studies import class_lists
from annotations.studies.preselection import preselections
from annotations.studies.staff_pages.new_study_page import make_draft


def page(request: HttpRequest, model_id: int) -> HttpResponse:
    """Show a model's classes in their order; a POST makes a draft with a task for each of those that are ticked."""
    if not roles.may_set_up(request.user):
        raise PermissionDenied
    model = get_object_or_404(BaseModel.objects.select_related("dataset"), pk=model_id)
    if request.method == "POST":
        return HttpResponseRedirect(_made(request, model))
    title, found = "Which classes are worth a study?", list(preselections(model))
    return show_site_page(request, "annotations/study/ranking", title, model=model, preselections=found)


def _made(request: HttpRequest, model: BaseModel) -> str:
    names, by = request.POST.getlist("ranked"), request.user.get_username()
    if not names:
        messages.error(request, "Tick the classes that shall be tasks.")
        return request.path
    with RefusalsShown(request), transaction.atomic():
        draft = make_draft(f"Chosen classes of {model.dataset.name}", by=by)
        class_lists.add(draft, model, names, by=by)
        messages.success(request, "This draft has a task for each class. Say who annotates them: people, or experts.")
        return reverse("admin:annotations_study_change", args=[draft.pk])
    return request.path
