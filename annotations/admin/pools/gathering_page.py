"""The gathering page: ask for candidates, see how the review goes, retrain with what was kept."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import row_number
from annotations.admin.common.study_pages import CSV, StudyPage, file_answer, has_begun, page_context
from annotations.admin.common.typed_classes import ModelForm
from annotations.admin.pools import image_review_page
from annotations.admin.similarity_search.pictures import Picture, pictures_of
from annotations.analysis.pools.gathering_tables import WORTH, pool_tables, review_table, worth_rows
from annotations.analysis.pools.review_statistics import review_statistics
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import UNFINISHED, ClassBy, Gathering, JobState, Pool, Study
from annotations.readings.pools.annotation_sources import source, sources
from annotations.readings.pools.review_progress import review_progress
from annotations.services.pools import gatherings
from annotations.services.staff import roles
from annotations.tables.columns import csv_text

TITLE = "Gather images"
_POLL_S = 2
_SLICE_CHECK = ""  # value of the field pool


class GatheringForm(ModelForm[Gathering]):
    """For which annotation images are gathered, from where, and how they are reviewed."""

    annotation = forms.ChoiceField(label="Images that have what this says")
    pool = forms.ChoiceField(
        required=False, help_text="Without a pool, reviewers check whether a slice means its phrase."
    )
    licences = forms.CharField(
        required=False, help_text="Those that are allowed, separated by commas. Empty: every licence that is known."
    )

    class Meta:
        model = Gathering
        fields = (
            "n_candidates",
            "n_random",
            "n_known",
            "minutes",
            "class_by",
            "class_threshold",
            "duplicate_threshold",
            "licences",
            "allow_unknown_licence",
            "allow_unsafe",
            "pseudo_labels",
        )
        said_by_the_label = ("n_random", "n_known", "class_threshold", "duplicate_threshold", "pseudo_labels")
        help_texts = dict.fromkeys(said_by_the_label, "")
        labels = {
            "n_candidates": "Candidates",
            "n_random": "Pool images at random, to compare with",
            "n_known": "Hidden images whose label is known",
            "minutes": "Minutes of review",
            "class_by": "Images are taken for the class by",
            "class_threshold": "Least probability of the class",
            "duplicate_threshold": "Near-duplicates are more similar than",
            "allow_unknown_licence": "Also images whose licence is not known",
            "allow_unsafe": "Also images that are marked as unsafe",
            "pseudo_labels": "Pseudo-labels: add candidates at which nobody looked",
        }

    def __init__(self, study: Study, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        annotation: Any = self.fields["annotation"]
        pool: Any = self.fields["pool"]
        found = sources(study)
        given = source(study, self.data.get("annotation") or self.initial.get("annotation", ""))
        if given is not None:  # also one that a link names and the list is too short for
            found = [given, *(each for each in found if each.value != given.value)]
        annotation.choices = [(each.value, each.words) for each in found]
        pools = Pool.objects.filter(dataset__isnull=False).order_by("-pk")
        pool.choices = [
            *((str(each.pk), each.name) for each in pools),
            (_SLICE_CHECK, "none: check what the slice means"),
        ]
        pool.initial = pool.choices[0][0]
        self.order_fields(["annotation", "pool", *self.Meta.fields])

    def clean_licences(self) -> list[str]:
        return [each.strip() for each in self.cleaned_data["licences"].split(",") if each.strip()]


@dataclass(frozen=True)
class Pair:
    """A pool image that was left out, and the image that is nearly the same."""

    image: Picture
    other: Picture
    similarity: float


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show a gathering, the newest where none is named, or hand out its tables; a POST asks for one, or trains."""
    if request.method == "POST":
        return _act(request, study)
    found = list(study.gatherings.defer("items").select_related("pool", "base_model__dataset"))
    shown = (
        _chosen(study, request.GET.get("gathering")) if "gathering" in request.GET else (found[0] if found else None)
    )
    if "table" in request.GET:
        return _table(study, shown, request.GET["table"])
    return render(request, "admin/annotations/study/gathering.html", _context(request, study, found, shown))


def _context(request: HttpRequest, study: Study, found: list[Gathering], shown: Gathering | None) -> dict[str, Any]:
    training = shown.trainings.select_related("dataset").first() if shown else None
    is_live = any(each and each.state in UNFINISHED for each in (shown, training))
    may_act = roles.may(request.user, "coordinate", study)
    given = {"annotation": request.GET.get("annotation", "")}
    return page_context(
        request,
        study,
        TITLE,
        found=found,
        gathering=shown,
        parts=[(part, part.gathering.base_model.dataset.class_names[part.target_class]) for part in _parts(shown)],
        training=training,
        rows=worth_rows(training) if training else [],
        measures=WORTH.values(),
        statistics=review_statistics(shown) if shown and shown.state == JobState.DONE else None,
        progress=review_progress(shown, request.user.get_username()) if shown else None,
        pairs=_pairs(request, shown) if shown and shown.pool_id else [],
        class_by=ClassBy(shown.class_by).label if shown else "",
        live=_POLL_S if is_live else "",
        may_act=may_act,
        form=GatheringForm(study, initial=given) if may_act else None,
        has_pools=Pool.objects.filter(dataset__isnull=False).exists(),
    )


def _parts(gathering: Gathering | None) -> Any:
    related = ("score__phrase", "gathering__base_model__dataset")
    return gathering.parts.select_related(*related) if gathering else []


def _pairs(request: HttpRequest, gathering: Gathering) -> list[Pair]:
    pool, owner = gathering.pool, f"user:{request.user.pk}"
    assert pool is not None and pool.dataset is not None, "the caller has looked"
    return [
        Pair(
            pictures_of(owner, pool.dataset, [row])[0],
            pictures_of(owner, pool.dataset if what == "pool" else gathering.base_model.dataset, [other])[0],
            similarity,
        )
        for row, what, other, similarity in gathering.report.get("pairs", [])
    ]


def _act(request: HttpRequest, study: Study) -> HttpResponse:
    if not roles.may(request.user, "coordinate", study):
        raise Http404
    by = request.user.get_username()
    with RefusalsShown(request):
        if request.POST.get("act") == "train":
            gathering = _chosen(study, request.POST.get("gathering"))
            gatherings.request_training(gathering, by=by)
            return HttpResponseRedirect(f"{request.path}?gathering={gathering.pk}")
        form = GatheringForm(study, request.POST)
        if form.is_valid():
            given = dict(form.cleaned_data)
            chosen = source(study, given.pop("annotation"))
            pool = Pool.objects.filter(pk=row_number(given.pop("pool") or "0")).first()
            if chosen is None:
                raise Http404
            asked = gatherings.request(study, chosen.base_model, pool, chosen.annotations, by=by, **given)
            return HttpResponseRedirect(f"{request.path}?gathering={asked.pk}")
        for name, errors in form.errors.items():
            messages.error(request, f"{form.fields[name].label or name}: {' '.join(map(str, errors))}")
    return HttpResponseRedirect(request.path)


def _chosen(study: Study, number: str | None) -> Gathering:
    related = ("pool__dataset", "base_model__dataset", "study")
    return get_object_or_404(study.gatherings.select_related(*related), pk=row_number(number))


def _table(study: Study, gathering: Gathering | None, name: str) -> HttpResponse:
    tables: list[FilledTable[Any]] = [*pool_tables(study), *([review_table(gathering)] if gathering else [])]
    for each in tables:
        if each.table.file == name:
            text = csv_text(each.table.header, map(each.table.cells, each.rows))
            return file_answer(text, CSV, f"clarify-{study.slug}-{name}")
    raise Http404


PAGES = (
    StudyPage("gathering", TITLE, page, place="findings", applies_to=has_begun),
    StudyPage(
        "image_review",
        image_review_page.TITLE,
        image_review_page.page,
        act="coordinate",
        place="findings",
        in_navigation=False,
    ),
)
