"""The newest stored analysis of a study, for pages: as of when it is, and a newer one is asked for where it is old."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.db.models import QuerySet
from django.utils import timezone

from annotations.analysis.figures.drawn_figures import NOTHING_DRAWN, StoredFigures
from annotations.base.version import CODE_VERSION
from annotations.models import JobState, Study, StudyAnalysis
from annotations.monitoring import queue_health
from annotations.queue.worker_wakeup import ANALYSE_STUDIES
from annotations.results import analysis_requests
from annotations.results.study_fingerprint import state_of
from annotations.results.study_results import StoredResults

_KEPT = 4  # analyses that a process remembers
MIN_REST = dt.timedelta(seconds=5)  # between analyses of a study; longer where one takes long
REST_FACTOR = 4  # times as long as the last one took, so that a worker has four fifths of its time for other studies
AGAIN_AFTER = dt.timedelta(minutes=10)  # a failed analysis, where nothing else has changed


@dataclass(frozen=True)
class Latest:
    """The newest analysis. results: None where there is none yet; failure: why there is no newer one.

    first: the analysis that is under way, as long as there is no other; is_served: whether a worker is there for it, or
    may yet be starting.

    pk: of the analysis, 0 where there is none; tag: another one whenever a page that shows it should be sent again.
    """

    results: StoredResults | None
    made_at: dt.datetime | None
    is_current: bool
    failure: str
    pk: int
    tag: str
    first: StudyAnalysis | None
    is_served: bool

    @cached_property
    def figures(self) -> StoredFigures:
        return _read_figures(self.pk) if self.pk else NOTHING_DRAWN


def latest(study: Study) -> Latest:
    """Return the newest stored analysis, and ask for another where the study has changed since."""
    state, now = state_of(study), timezone.now()
    last = StudyAnalysis.objects.filter(study=study).defer(*StudyAnalysis.ARRAYS).first()
    done = _done(study).first()
    is_current = done is not None and done.study_state == state
    if not is_current and _is_due(last, state, now):
        analysis_requests.ask(study, state)
    first = None if done else StudyAnalysis.objects.filter(study=study).defer(*StudyAnalysis.ARRAYS).first()
    is_new = first is None or now - first.created_at < queue_health.ALIVE_WITHIN  # workers that start say so by then
    is_served = is_new or queue_health.is_served(ANALYSE_STUDIES, now)
    return Latest(
        results=_read(done.pk) if done else None,
        made_at=done.finished_at if done else None,
        is_current=is_current,
        failure=last.error if last and last.state == JobState.FAILED and not is_current else "",
        pk=done.pk if done else 0,
        tag=f"{state}-{done.pk if done else 0}-{last.pk if last else 0}-{last.state if last else ''}-{is_served}",
        first=first,
        is_served=is_served,
    )


def stored_concepts(study: Study) -> dict[int, int]:
    """Return the number of each phrase's concept by its id, of the newest stored analysis, without asking for one."""
    done = _done(study).first()
    return _read(done.pk).concepts.numbers if done else {}


def _done(study: Study) -> QuerySet[StudyAnalysis]:
    return StudyAnalysis.objects.filter(study=study, state=JobState.DONE, code_version=CODE_VERSION).defer(
        *StudyAnalysis.ARRAYS
    )


def _is_due(last: StudyAnalysis | None, state: str, now: dt.datetime) -> bool:
    if last is None:
        return True
    if last.finished_at is None:
        return False
    if last.state == JobState.FAILED and last.study_state == state:
        return now > last.finished_at + AGAIN_AFTER
    return now > last.finished_at + max(MIN_REST, REST_FACTOR * (last.finished_at - last.created_at))


@lru_cache(maxsize=_KEPT)
def _read(pk: int) -> StoredResults:
    """Kept, since a finished analysis never changes."""
    return StoredResults(bytes(StudyAnalysis.objects.values_list("content", flat=True).get(pk=pk) or b""))


@lru_cache(maxsize=_KEPT)
def _read_figures(pk: int) -> StoredFigures:
    content = StudyAnalysis.objects.values_list("figures", flat=True).get(pk=pk)
    return StoredFigures(bytes(content)) if content else NOTHING_DRAWN
