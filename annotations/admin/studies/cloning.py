"""The page that clones a study."""

from django import forms
from django.contrib import messages
from django.core.validators import validate_slug
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from annotations.admin.common.study_pages import StudyPage, page_context
from annotations.models import Study
from annotations.models.study_texts import MAX_TITLE_LENGTH
from annotations.services.staff import roles
from annotations.services.studies.cloning import clone_study
from annotations.services.studies.lifecycle import StudyUnacceptable

TITLE = "Clone"


class CloneForm(forms.Form):
    """What the new study is called."""

    title = forms.CharField(max_length=MAX_TITLE_LENGTH)
    slug = forms.CharField(
        max_length=50, validators=[validate_slug], help_text="the last part of its participants' link"
    )


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """GET asks for a name; POST makes the draft and goes to it."""
    if not roles.may_set_up(request.user):
        return render(request, "admin/annotations/study/clone.html", page_context(request, study, TITLE), status=403)
    suggested = {"title": f"{study.title} (2)"[:MAX_TITLE_LENGTH], "slug": f"{study.slug[:48]}-2"}
    form = CloneForm(request.POST or None, initial=suggested)
    if request.method == "POST" and form.is_valid():
        try:
            clone = clone_study(study, **form.cleaned_data, by=request.user.get_username())
        except StudyUnacceptable as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                "The clone is a draft with the same set-up and new codes. Write them into its study on Prolific.",
            )
            return HttpResponseRedirect(reverse("admin:annotations_study_change", args=[clone.pk]))
    context = page_context(request, study, TITLE, form=form)
    return render(request, "admin/annotations/study/clone.html", context, status=400 if form.errors else 200)


PAGES = (StudyPage("clone", TITLE, page, act="coordinate", place="setup", in_navigation=False),)
