"""Importing Prolific's export of a study's submissions: what the poll does, for a site without a token.

It is a CSV whose columns and separators vary.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from django.db import transaction
from django.utils import timezone

from annotations.base.service_errors import FileRefused, IdentityDestroyed
from annotations.log import audit
from annotations.log.identities import pseudonym
from annotations.models import Study, Submission
from annotations.prolific.submissions import Source, note_remote
from annotations.prolific_client.outside_ids import is_outside_id
from annotations.prolific_client.payloads import RemoteSubmission, moment, remote_submission
from annotations.prolific_client.statuses import PLACE_FREED

LARGEST_FILE: Final = 10 * 1024 * 1024  # bytes, which the page sees to
MAX_ROWS: Final = 20_000
MAX_PROBLEMS: Final = 20  # named in one refusal
_SEPARATORS = (",", ";", "\t")
# By what the API calls it, the column's name in letters and digits alone, as Prolific wrote it over the years.
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("submissionid", "sessionid"),
    "participant_id": ("participantid", "prolificid", "prolificpid"),
    "status": ("status", "submissionstatus"),
    "started_at": ("startedat", "starteddatetime"),
    "completed_at": ("completedat", "completeddatetime"),
    "study_code": ("completioncode", "enteredcode", "studycode"),
}
_NEEDED = {"id": "Submission id", "participant_id": "Participant id", "status": "Status"}
_NOTHING = {"", "-", "null", "none", "n/a", "not applicable", "data_expired", "consent_revoked"}
_STUDY_ID = re.compile(r"[0-9a-f]{24}")


def read(data: bytes, taken_at: dt.datetime) -> list[RemoteSubmission]:
    """Return every submission of the file; raises FileRefused with each bad line by its number, at most 20."""
    lines = _lines(_text(data))
    columns = _columns(next(lines, (1, []))[1])
    rows: list[RemoteSubmission] = []
    problems: list[str] = []
    first_lines: dict[str, int] = {}
    for line, cells in lines:
        try:
            row = _row(cells, columns, taken_at)
            if row.submission_id in first_lines:
                raise ValueError(f"repeats the submission of line {first_lines[row.submission_id]}")
            first_lines[row.submission_id] = line
            rows.append(row)
        except ValueError as error:
            problems.append(f"Line {line} {error}.")
        if len(problems) == MAX_PROBLEMS:
            raise FileRefused([*problems, "There may be more errors."])
        if len(rows) > MAX_ROWS:
            raise FileRefused([f"The file has too many submissions. The limit is {MAX_ROWS}."])
    if problems:
        raise FileRefused(problems)
    if not rows:
        raise FileRefused(["The file has no submissions."])
    return rows


def _text(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    # What is not UTF-8 stands in columns that nobody reads here, such as languages: ids and statuses are checked.
    return data.decode(encoding, errors="replace")


def _columns(titles: Sequence[str]) -> dict[str, int]:
    """Where the known columns are, by their names here. Raises FileRefused where one that is needed is not there."""
    plain = [re.sub(r"[^a-z0-9]", "", title.lower()) for title in titles]
    found = {
        name: plain.index(title)
        for name, titles_of_years in _COLUMNS.items()
        for title in reversed(titles_of_years)  # the first one that is there
        if title in plain
    }
    if missing := [title for name, title in _NEEDED.items() if name not in found]:
        names = ", ".join(f"“{title}”" for title in missing)
        raise FileRefused([f"The first line has no column {names}. Is this Prolific’s export of submissions?"])
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that has anything in it, the header first, and the line that it begins at."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused([f"Line {begins} cannot be read: {error}."]) from error


def _row(cells: Sequence[str], columns: Mapping[str, int], taken_at: dt.datetime) -> RemoteSubmission:
    if len(cells) <= max(columns.values()):
        raise ValueError("has fewer columns than the first line")
    said = {name: cells[place].strip() for name, place in columns.items()}
    known = {name: text.replace("\0", "") for name, text in said.items() if text.lower() not in _NOTHING}
    for name in ("id", "participant_id"):
        if not is_outside_id(known.get(name, "")):
            raise ValueError(f"has no {_NEEDED[name].lower()}")
    if "status" not in known:
        raise ValueError("has no status")
    for name in ("started_at", "completed_at"):
        if name in known and moment(known[name]) is None:
            raise ValueError(f"has an invalid time ({name.replace('_', ' ')})")
    return remote_submission(known, taken_at)


@dataclass(frozen=True)
class Report:
    """What an import did. `n_without_visit` never came here, `n_missing` came here and are not in the file."""

    n_rows: int
    n_new: int
    n_changed: int
    n_without_visit: int
    n_missing: int


def import_csv(study: Study, file: IO[bytes], *, by: str, name: str = "") -> Report:
    """Take in every submission of the file, or none. It counts as downloaded now.

    name: of the file, in which Prolific names the study. Raises FileRefused, with each bad line by its number.
    """
    if not study.keeps_ids:
        raise IdentityDestroyed
    _refuse_other_study(study, name)
    rows = read(file.read(), timezone.now())
    with transaction.atomic():
        before = _statuses(study)
        # Freeing a place locks the study for those who enter, so that comes last.
        for row in sorted(rows, key=lambda row: row.status in PLACE_FREED):
            note_remote(study, row, Source.FILE)
        report = _report(study, rows, before)
        audit.record("import_submissions", study, by=by, rows=report.n_rows, changed=report.n_changed)
    return report


def _refuse_other_study(study: Study, name: str) -> None:
    """A file has the study's id in the name that Prolific gives it, `prolific_export_<id>.csv`."""
    named = _STUDY_ID.search(name.lower())
    if named and study.external_study_id and named.group() != study.external_study_id.lower():
        other = "The file name is that of another study’s export on Prolific."
        raise FileRefused([f"{other} Download the export of this study, or correct the study’s Prolific id here."])


def _statuses(study: Study) -> dict[str, str]:
    return dict(Submission.objects.filter(study=study).values_list("submission_key", "status"))


def _report(study: Study, rows: list[RemoteSubmission], before: Mapping[str, str]) -> Report:
    after = _statuses(study)
    told = {pseudonym(study, "S", row.submission_id) for row in rows}
    keys = told & after.keys()  # without those of erased people
    counted = study.submissions.counted()
    return Report(
        n_rows=len(rows),
        n_new=len(keys - before.keys()),
        n_changed=sum(after[key] != before[key] for key in keys & before.keys()),
        n_without_visit=counted.filter(submission_key__in=keys, session=None).count(),
        n_missing=counted.exclude(submission_key__in=keys).exclude(session=None).count(),
    )
