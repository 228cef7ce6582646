"""Errors that nobody has named yet: sentences and pictures for the findings, and the study that looks at it again."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotations.analysis.concepts.concept_columns import FEWEST_CLUSTERED, ConceptTables, UnnamedRow
from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import Study
from annotations.pages.number_formats import percent, score
from annotations.results.analysis_requests import AnalysisNotReady
from annotations.results.latest_results import latest
from annotations.staff import roles
from annotations.studies.cloning import study_unnamed

SHOWN = 12  # pictures of a cluster
_DRAWN = "as many images drawn from all that no concept selects"


def shown_unnamed(rows: Sequence[UnnamedRow], owner: str) -> dict[str, Any] | None:
    """Return what the page shows of a task's rows; None where nobody has said anything of it."""
    if not rows:
        return None
    every, *clusters = rows
    named = [(f"Cluster {each.cluster}: {_share(each)}", each) for each in clusters]
    shown = named or ([("Some of them", every)] if every.n else [])
    strips = [
        (title, [thumbnail_url(owner, each.dataset, key) for key in each.images[:SHOWN]]) for title, each in shown
    ]
    return {"share": share_sentence(every), "structure": _structure(every, len(clusters)), "strips": strips}


def unnamed_sentences(concepts: ConceptTables, position: int) -> Iterator[str]:
    """Yield the share that no concept of a task selects, where somebody has said anything."""
    yield from (share_sentence(row) for row in concepts.unnamed.rows if row.task == position and not row.cluster)


def share_sentence(row: UnnamedRow) -> str:
    """Say how much no concept selects, with its interval."""
    if not row.n:
        right = "" if row.of_correct is None else f", and so are {percent(1 - row.of_correct)} of the right ones"
        return f"Every wrong image is like one of the concepts that people named{right}."
    right = "" if row.of_correct is None else f" and {percent(row.of_correct)} of the right ones"
    return f"Not named yet: no concept selects {_share(row)}{right}."


def _share(row: UnnamedRow) -> str:
    return f"{percent(row.of_errors)} of the wrong images ({row.n:,}; 95% {percent(row.low)} to {percent(row.high)})"


def _structure(every: UnnamedRow, n_clusters: int) -> str:
    if every.silhouette is None:
        return f"There are too few to look for clusters. At least {FEWEST_CLUSTERED} are needed." if every.n else ""
    if n_clusters > 1:
        return (
            f"They form {n_clusters} clusters, further apart than {_DRAWN} "
            f"(silhouette {score(every.silhouette)}, p = {score(every.silhouette_p)})."
        )
    if n_clusters:
        return (
            f"They lie nearer together than {_DRAWN} (mean similarity "
            f"{score(every.likeness)}, p = {score(every.likeness_p)})."
        )
    return f"They show no structure: {_DRAWN} lie no differently."


def make_study(request: HttpRequest, study: Study, by: str) -> HttpResponse:
    """Make a draft that shows these images alone beside the right ones, and go to it. Raises AnalysisNotReady."""
    if not roles.may_set_up(request.user):
        raise Http404
    results = latest(study).results
    if results is None:
        raise AnalysisNotReady
    unnamed = {row.task: row.images for row in results.concepts.unnamed.rows if not row.cluster}
    draft = study_unnamed(study, unnamed, by=by)
    messages.success(
        request, "This draft shows the images that no concept selects, beside the right ones. It has new codes."
    )
    return redirect("admin:annotations_study_change", draft.pk)
