"""Importing Prolific's export of a study's submissions: what the poll does, for a site without a token."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from django.db import transaction
from django.utils import timezone

from annotations.models import Study, Submission
from annotations.prolific.statuses import PLACE_FREED
from annotations.readings.prolific.external_ids import OutsideIds
from annotations.services.common.service_errors import FileRefused, IdentityDestroyed
from annotations.services.logs import audit
from annotations.services.logs.pseudonyms import pseudonym
from annotations.services.prolific.submission_csv import LARGEST_FILE, Row, read, study_of_name
from annotations.services.prolific.submissions import Facts, Source, StatusReport, note_status


@dataclass(frozen=True)
class Report:
    """What an import did. `n_without_visit` never came here, `n_missing` came here and are not in the file."""

    n_rows: int
    n_new: int
    n_changed: int
    n_without_visit: int
    n_missing: int


def import_csv(
    study: Study, file: IO[bytes], *, by: str, name: str = "", taken_at: dt.datetime | None = None
) -> Report:
    """Take in every submission of the file, or none.

    name: of the file, in which Prolific names the study; taken_at: when it was downloaded, now unless told otherwise:
    what is known to be newer stays. Raises FileRefused, with each bad line by its number.
    """
    if not study.keeps_ids:
        raise IdentityDestroyed
    taken_at = taken_at or timezone.now()
    _refuse_other_study(study, name)
    if taken_at > timezone.now() + dt.timedelta(minutes=1):
        raise FileRefused(["The time of the download is in the future. Correct it."])
    rows = read(file.read(LARGEST_FILE + 1))
    with transaction.atomic():
        before = _statuses(study)
        # Freeing a place locks the study for those who enter, so that comes last.
        for row in sorted(rows, key=lambda row: (row.status in PLACE_FREED, row.line)):
            _note(study, row, taken_at)
        report = _report(study, rows, before)
        audit.record("import_submissions", study=study, by=by, rows=report.n_rows, changed=report.n_changed)
    return report


def _refuse_other_study(study: Study, name: str) -> None:
    named = study_of_name(name)
    if named and study.external_study_id and named != study.external_study_id.lower():
        other = "The file name is that of another study's export on Prolific."
        raise FileRefused([f"{other} Download the export of this study, or correct the study's Prolific id here."])


def _note(study: Study, row: Row, taken_at: dt.datetime) -> None:
    facts = Facts(row.started_at, row.completed_at, row.entered_code)
    ids = OutsideIds(row.participant, study.external_study_id, row.submission)
    note_status(study, StatusReport(row.status, taken_at, Source.FILE, facts), ids=ids)


def _statuses(study: Study) -> dict[str, str]:
    return dict(Submission.objects.filter(study=study).values_list("submission_key", "status"))


def _report(study: Study, rows: list[Row], before: Mapping[str, str]) -> Report:
    after = _statuses(study)
    told = {pseudonym(study, "S", row.submission) for row in rows}
    keys = told & after.keys()  # without those of erased people
    counted = study.submissions.counted()
    return Report(
        n_rows=len(rows),
        n_new=len(keys - before.keys()),
        n_changed=sum(after[key] != before[key] for key in keys & before.keys()),
        n_without_visit=counted.filter(submission_key__in=keys, session=None).count(),
        n_missing=counted.exclude(submission_key__in=keys).exclude(session=None).count(),
    )
