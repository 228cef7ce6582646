"""Releases of a test: what is built, and what is in the file."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from annotations.models import (
    Release,
    Span,
    Study,
)
from annotations.releases import release_requests
from tests.support.actors import Visit
from worker.releases.release_building import build_due_releases

# Drawing takes a process of its own and seconds; these tests look at nothing that is drawn.
without_figures = pytest.mark.usefixtures("_nothing_is_drawn")

TRICKY = (
    "=HYPERLINK(1)",
    "'=1+1",
    "-red",
    "@red",
    'a "quoted", phrase',
    "אדום ⁧abc⁩",
    "🟥 red",
    "NA",
    "null",
    "1e5",
    "007",
)


def spans(visit: Visit) -> None:
    """Twenty seconds in view in two overlapping tabs, of which five waiting for a score and two without a network."""
    visit.assignment.refresh_from_db()
    began_at = visit.assignment.started_at
    assert began_at is not None
    start = began_at
    later = start + dt.timedelta(minutes=1)
    type(visit.assignment).objects.filter(pk=visit.assignment.pk).update(started_at=start - dt.timedelta(minutes=2))
    start -= dt.timedelta(minutes=2)
    at = [("visible", 1, 16), ("visible", 10, 21), ("waiting", 5, 10), ("offline", 19, 23), ("hidden", 30, 40)]
    for number, (kind, began, ended) in enumerate(at):
        Span.objects.create(
            session=visit.session,
            assignment=visit.assignment,
            client_uuid=f"00000000-0000-0000-0000-{number:012}",
            opening="00000000-0000-0000-0000-000000000001",
            kind=kind,
            began_at=start + dt.timedelta(seconds=began),
            ended_at=start + dt.timedelta(seconds=ended),
            received_at=later,
        )


def build(study: Study) -> Release:
    release_requests.request(study, by="ada")
    build_due_releases()
    release = study.releases.first()
    assert release is not None
    return release


def opened(release: Release) -> zipfile.ZipFile:
    """The file of a release, in memory: it outlives the file on the disk."""
    return zipfile.ZipFile(io.BytesIO((Path(settings.DATA_ROOT) / release.file).read_bytes()))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))
