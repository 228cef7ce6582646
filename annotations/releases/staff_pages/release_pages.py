"""The releases page: ask for one, see how far it is, take its file, and see which are superseded."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from annotations.base.service_errors import NotPossible
from annotations.models import UNFINISHED, Release, Study
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import filled
from annotations.pages.typed_classes import ModelForm
from annotations.releases import release_requests
from annotations.releases.download import release_download

_POLL_S = 3


class ReleaseForm(ModelForm[Release]):
    """What whoever asks for a release says of it; all of it can be left empty."""

    class Meta:
        model = Release
        fields = ("licence", "doi", "authors")
        widgets = {"authors": forms.Textarea(attrs={"rows": 2})}


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List the releases, the newest first."""
    found = list(study.releases.order_by("-number"))
    under_way = next((each for each in found if each.state in UNFINISHED), None)
    return {
        "releases": found,
        "form": ReleaseForm(initial=_said_before(found)),
        "under_way": under_way,
        "poll_s": _POLL_S if under_way else 0,
    }


def _request(request: HttpRequest, study: Study, by: str) -> str:
    release = release_requests.request(study, by=by, **filled(ReleaseForm(request.POST)))
    return f"Release {release.number} is being made. This page shows how far it is."


def _said_before(releases: Sequence[Release]) -> dict[str, str]:
    """Licence and authors of the newest release; a DOI belongs to one alone."""
    return {"licence": releases[0].licence, "authors": releases[0].authors} if releases else {}


def file(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Hand out the file of the release that ?number= names; what cannot be handed out is said on the page."""
    release = study.releases.filter(number=row_number(request.GET.get("number"))).first()
    with RefusalsShown(request):
        if release is None:
            raise NotPossible("This study has no release with this number.")
        return release_download(release, by=request.user.get_username())
    return HttpResponseRedirect(reverse("admin:annotations_study_releases", args=[study.pk]))


ACTS = {"": _request}
