"""The gathering page: ask for candidates, see how the review goes, retrain with what was kept."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import model_to_dict
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from annotations.datasets.staff_pages.pictures import Picture, pictures_of
from annotations.models import UNFINISHED, Dataset, Gathering, GatheringPart, ImageIndex, JobState, Pool, Study
from annotations.models.moderated_words import words_of_phrase
from annotations.pages.number_formats import TypedFloatField, row_number
from annotations.pages.page_acts import Act, Answer
from annotations.pages.shown_figures import table_answer
from annotations.pages.typed_classes import ModelForm
from annotations.pools import gatherings
from annotations.pools.annotation_sources import source, sources
from annotations.pools.gathering_tables import WORTH, pool_tables, review_table, worth_rows
from annotations.pools.review_outcomes import CANDIDATE, review_counts, review_statistics
from annotations.pools.review_progress import review_progress
from annotations.staff import roles

_POLL_S = 2
_SLICE_CHECK = ""  # value of the field pool


class GatheringForm(ModelForm[Gathering]):
    """For which annotation images are gathered, from where, and how they are reviewed."""

    annotation = forms.ChoiceField(label="Images that have what this says")
    pool = forms.ChoiceField(
        required=False, help_text="Without one, reviewers say whether the images that a phrase selects show it."
    )
    licences = forms.CharField(
        required=False, help_text="Those that are allowed, separated by commas. Empty: every licence that is known."
    )

    class Meta:
        model = Gathering
        field_classes = dict.fromkeys(("class_threshold", "duplicate_threshold"), TypedFloatField)
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
            (_SLICE_CHECK, "none: check what the phrase selects"),
        ]
        pool.initial = pool.choices[0][0]
        self.order_fields(["annotation", "pool", *self.Meta.fields])

    def clean_licences(self) -> list[str]:
        return [each.strip() for each in self.cleaned_data["licences"].split(",") if each.strip()]


def page(request: HttpRequest, study: Study) -> Answer:
    """Show a gathering, the newest where none is named, or hand out its tables."""
    found = list(study.gatherings.counted().defer("items").select_related("pool", "base_model__dataset"))
    shown = (
        _chosen(study, request.GET.get("gathering")) if "gathering" in request.GET else (found[0] if found else None)
    )
    if "table" in request.GET:
        tables = [*pool_tables(study), *([review_table(shown)] if shown else [])]
        return table_answer(request, tables, f"clarify-{study.slug}")
    training = shown.trainings.select_related("dataset").first() if shown else None
    is_live = any(each and each.state in UNFINISHED for each in (shown, training))
    may_act = roles.may(request.user, "coordinate", study)
    likenesses = _likenesses(study) if may_act else []
    limit = likenesses[0][1].get("limit") if len(likenesses) == 1 else None  # empty leaves it to the worker
    given = _like_the_last(found) | {"annotation": request.GET.get("annotation", ""), "duplicate_threshold": limit}
    return {
        "found": found,
        "gathering": shown,
        "parts": list(_parts(shown)),
        "training": training,
        "rows": worth_rows(training) if training else [],
        "measures": WORTH.values(),
        "statistics": review_statistics(shown) if shown and shown.state == JobState.DONE else None,
        "counts": review_counts(shown) if shown and shown.pool_id and shown.state == JobState.DONE else None,
        "n_trained_with": len(training.kept.get(CANDIDATE, ())) if training else 0,
        "progress": review_progress(shown, request.user.get_username()) if shown else None,
        "pairs": list(_pairs(request, shown)) if shown and shown.pool_id else [],
        "live": _POLL_S if is_live else "",
        "form": GatheringForm(study, initial=given) if may_act else None,
        "likenesses": likenesses,
        "has_pools": Pool.objects.filter(dataset__isnull=False).exists(),
    }


def _like_the_last(found: list[Gathering]) -> dict[str, Any]:
    """What the form begins with: as in the newest search of a pool that found something, but for the limit."""
    last = next((each for each in found if each.pool_id and each.state == JobState.DONE), None)
    return model_to_dict(last, GatheringForm.Meta.fields) | {"licences": ", ".join(last.licences)} if last else {}


def _likenesses(study: Study) -> list[tuple[Dataset, dict[str, Any]]]:
    """The data sets for which images can be gathered, each with how alike its images are where it has an index."""
    datasets = Dataset.objects.filter(base_models__tasks__study=study).distinct()
    indexes = [(each, ImageIndex.objects.usable(each)) for each in datasets]
    return [(each, index.likeness if index else {}) for each, index in indexes]


def _parts(gathering: Gathering | None) -> Iterator[tuple[GatheringPart, str, str]]:
    """Each annotation, the name of its class, and its words."""
    related = ("score__phrase__assignment__session", "gathering__base_model__dataset")
    for part in gathering.parts.select_related(*related) if gathering else ():
        yield part, part.gathering.base_model.dataset.class_names[part.target_class], words_of_phrase(part.score.phrase)


def _pairs(request: HttpRequest, gathering: Gathering) -> Iterator[tuple[Picture, Picture, float]]:
    """Each pool image that was left out, the image that is nearly the same, and their similarity."""
    pool, owner = gathering.pool, f"user:{request.user.pk}"
    assert pool is not None and pool.dataset is not None, "the caller has looked"
    for row, what, other, similarity in gathering.report.get("pairs", []):
        dataset = pool.dataset if what == "pool" else gathering.base_model.dataset
        yield (*pictures_of(owner, pool.dataset, [row]), *pictures_of(owner, dataset, [other]), similarity)


def _gather(request: HttpRequest, study: Study, by: str) -> HttpResponseRedirect | None:
    form = GatheringForm(study, request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{form.fields[name].label or name}: {' '.join(map(str, errors))}")
        return None
    given = dict(form.cleaned_data)
    chosen = source(study, given.pop("annotation"))
    pool = Pool.objects.filter(pk=row_number(given.pop("pool"))).first()
    if chosen is None:
        raise Http404
    asked = gatherings.request(study, chosen.base_model, pool, chosen.annotations, by=by, **given)
    return HttpResponseRedirect(f"{request.path}?gathering={asked.pk}")


def _train(request: HttpRequest, study: Study, by: str) -> HttpResponseRedirect:
    gathering = _chosen(study, request.POST.get("gathering"))
    gatherings.request_training(gathering, by=by)
    return HttpResponseRedirect(f"{request.path}?gathering={gathering.pk}")


ACTS: dict[str, Act] = {"": _gather, "train": _train}


def _chosen(study: Study, number: str | None) -> Gathering:
    related = ("pool__dataset", "base_model__dataset", "study")
    return get_object_or_404(study.gatherings.counted().select_related(*related), pk=row_number(number))
