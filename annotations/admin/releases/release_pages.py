"""The releases page: ask for one, see how far it is, take its file, and see which are superseded."""

from collections.abc import Sequence

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import row_number
from annotations.admin.common.study_pages import StudyPage, has_begun, show_page
from annotations.admin.common.typed_classes import ModelForm
from annotations.exports.releases.download import release_download
from annotations.models import UNFINISHED, Release, Study
from annotations.services.releases import release_requests

_POLL_S = 3


class ReleaseForm(ModelForm[Release]):
    """What whoever asks for a release says of it; all of it can be left empty."""

    class Meta:
        model = Release
        fields = ("licence", "doi", "authors")
        widgets = {"authors": forms.Textarea(attrs={"rows": 2})}


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """List the releases, the newest first; a post asks for one."""
    found = list(study.releases.order_by("-number"))
    form = ReleaseForm(request.POST if request.method == "POST" else None, initial=_said_before(found))
    if request.method == "POST" and form.is_valid():
        release = release_requests.request(study, by=request.user.get_username(), **form.cleaned_data)
        messages.success(request, f"Release {release.number} is being made. This page shows how far it is.")
        return HttpResponseRedirect(request.path)
    under_way = next((each for each in found if each.state in UNFINISHED), None)
    return show_page(
        request,
        study,
        "releases",
        "Releases",
        releases=found,
        form=form,
        under_way=under_way,
        poll_s=_POLL_S if under_way else 0,
        file_url=reverse("admin:annotations_study_release_file", args=[study.pk]),
    )


def _said_before(releases: Sequence[Release]) -> dict[str, str]:
    """Licence and authors of the newest release; a DOI belongs to one alone."""
    return {"licence": releases[0].licence, "authors": releases[0].authors} if releases else {}


def file(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Hand out the file of the release that ?number= names; what cannot be handed out is said on the page."""
    release = study.releases.filter(number=row_number(request.GET.get("number"))).first()
    with RefusalsShown(request):
        if release is None:
            raise release_requests.NoSuchRelease
        return release_download(release, by=request.user.get_username())
    return HttpResponseRedirect(reverse("admin:annotations_study_releases", args=[study.pk]))


PAGES = (
    StudyPage("releases", "Releases", page, place="findings", applies_to=has_begun),
    StudyPage("release_file", "Release", file, place="findings", in_navigation=False),
)
