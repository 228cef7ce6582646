"""Releases: asked for by staff, built by a worker, superseded when somebody who is in them withdraws."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotations.base.row_changes import change
from annotations.base.service_errors import ServiceError
from annotations.base.version import CODE_VERSION
from annotations.log import audit
from annotations.models import UNFINISHED, AnnotationSession, JobState, Release, Study
from annotations.queue import jobs

FOLDER = "releases"  # below DATA_ROOT


class ReleaseNotReady(ServiceError, code="release_not_ready"):
    """The release is not built yet, or its building failed."""

    sentence = "This release is not ready. If it failed, request a new one."


class ReleaseSuperseded(ServiceError, code="release_superseded", status=410):
    """Somebody who is in the release withdrew since: its file is kept for audits alone."""

    sentence = (
        "A participant in this release has withdrawn, so it can no longer be downloaded. Request a new "
        "release, and replace all copies of this one."
    )


class ReleaseFileMissing(ServiceError, code="release_file_missing", status=410):
    """The file is not where it was written."""

    sentence = "The file of this release is no longer on this server. Request a new release."


@transaction.atomic
def request(study: Study, *, by: str, licence: str = "", doi: str = "", authors: str = "") -> Release:
    """Ask for a release, numbered from 1 within the study; the one that is being made already is it."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # two at once would take one number
    waiting = study.releases.filter(state__in=UNFINISHED).first()
    if waiting is not None:
        return waiting
    number = (study.releases.aggregate(last=Max("number"))["last"] or 0) + 1
    said = {"licence": licence, "doi": doi, "authors": authors}
    return jobs.ask(Release(study=study, number=number, requested_by=by, **said), "release_requested")


def file_of(release: Release) -> Path:
    """Return where a release's file is to be, or is."""
    name = f"clarify-{release.study.slug}-release-{release.number}.zip"
    return Path(settings.DATA_ROOT) / FOLDER / release.study.slug / name


@transaction.atomic
def store(release: Release, *, manifest: Mapping[str, Any], snapshot_at: dt.datetime, **of_file: Any) -> None:
    """End a release well. It is superseded at once where somebody in it withdrew meanwhile. Raises jobs.JobLost.

    of_file: the file, below DATA_ROOT, its digest and size.
    """
    Study.objects.select_for_update(no_key=True).get(pk=release.study_id)  # a withdrawal waits, or is seen here
    made = {"manifest": dict(manifest), "last_event": manifest["last_event"], "snapshot_at": snapshot_at}
    jobs.finish(release, phase="", **of_file, **made, code_version=CODE_VERSION)
    gone = release.study.sessions.counted().filter(withdrawn_at__gte=snapshot_at, created_at__lte=snapshot_at)
    if gone.exists():
        _supersede([release], "somebody in it withdrew while it was made")


def supersede(session: AnnotationSession, reason: str) -> list[Release]:
    """Mark every release that holds a visit as superseded; returns those that were not before.

    Called in the transaction that withdraws or erases the visit.
    """
    if session.is_uncounted:
        return []
    Study.objects.select_for_update(no_key=True).get(pk=session.study_id)
    holding = Release.objects.filter(
        study=session.study_id, state=JobState.DONE, superseded_at=None, snapshot_at__gte=session.created_at
    )
    return _supersede(list(holding.order_by("number")), reason)


def open_file(release: Release) -> Path:
    """Return the file to hand out. Raises ReleaseNotReady, ReleaseSuperseded, ReleaseFileMissing."""
    if release.superseded_at is not None:
        raise ReleaseSuperseded
    if release.state != JobState.DONE:
        raise ReleaseNotReady
    path = Path(settings.DATA_ROOT) / release.file
    if not path.is_file():
        raise ReleaseFileMissing
    return path


def _supersede(releases: list[Release], reason: str) -> list[Release]:
    now = timezone.now()
    for release in releases:
        change(release, superseded_at=now, superseded_reason=reason)
        audit.record("release_superseded", release, by=audit.SYSTEM, reason=reason)
    return releases
