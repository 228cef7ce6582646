"""Importing Prolific's export of submissions: its variants, its bad lines, and what it changes."""

import datetime as dt
import io

import pytest
from django.utils import timezone

from annotations.base.service_errors import FileRefused, IdentityDestroyed
from annotations.models import AllocationState, AuditRecord, Study, Submission
from annotations.prolific.submission_import import import_csv
from annotations.prolific.submissions import Source, StatusReport, ids_of, note_remote, note_status
from tests.support.prolific_steps import THERE, arrive, ids, submission_of

HEADER = (
    "Submission id,Participant id,Status,Custom study tncs accepted at,Started at,Completed at,Reviewed at,"
    "Archived at,Time taken,Completion code,Total approvals,Fluent languages,Age"
)
ANNA = (
    "anna-visit,anna-person,AWAITING REVIEW,Not Applicable,2026-10-25T12:27:09.179000Z,2026-10-25T12:46:18.540000Z,"
    ',2026-10-25T12:46:19.217499Z,1150,C0DE1234,389,"Czech, English",25'
)
BERT = "bert-visit,bert-person,RETURNED,Not Applicable,2026-10-25T12:27:10.328000Z,,,,,,12,CONSENT_REVOKED,"
CARL = "carl-visit,carl-person,TIMED-OUT,,2026-10-25T12:30:00Z,,,,,NOCODE,,,"


@pytest.fixture
def study(open_study):
    """No token and no Prolific anywhere: the file is all there is."""
    open_study.external_study_id = THERE
    open_study.save(update_fields=["external_study_id"])
    return open_study


def take(study, *lines, encoding="utf-8", **options):
    return import_csv(study, io.BytesIO("\n".join(lines).encode(encoding)), by="cora", **options)


def refusal(study, *lines, **options):
    before = list(Submission.objects.order_by("id").values())
    with pytest.raises(FileRefused) as refused:
        take(study, *lines, **options)
    assert list(Submission.objects.order_by("id").values()) == before
    assert "-visit" not in refused.value.message and "-person" not in refused.value.message
    return refused.value.problems


def test_what_the_file_says_is_known_afterwards(study):
    session = arrive(study, "anna")
    report = take(study, HEADER, ANNA, BERT)
    here = submission_of(study, "anna")
    assert (here.session, here.status, here.entered_code) == (session, "AWAITING REVIEW", "C0DE1234")
    assert here.started_at == dt.datetime(2026, 10, 25, 12, 27, 9, 179000, tzinfo=dt.UTC)
    never_came = submission_of(study, "bert")
    assert (never_came.session, never_came.status, never_came.completed_at) == (None, "RETURNED", None)
    assert ids_of(never_came) == ids("bert", study)
    assert (report.n_rows, report.n_new, report.n_changed, report.n_without_visit, report.n_missing) == (2, 1, 1, 1, 0)


def test_a_place_is_given_up_as_by_a_webhook(study):
    session = arrive(study, "bert")
    take(study, HEADER, BERT)
    session.allocation.refresh_from_db()
    assert session.allocation.state == AllocationState.RELEASED


def test_the_same_file_again_changes_nothing(study):
    take(study, HEADER, ANNA, BERT)
    report = take(study, HEADER, ANNA, BERT)
    assert (report.n_rows, report.n_new, report.n_changed) == (2, 0, 0)


def test_what_is_known_to_be_newer_stays(study):
    arrive(study, "anna")
    later = timezone.now() + dt.timedelta(minutes=1)  # by Prolific's clock
    note_status(study, StatusReport("APPROVED", later, Source.WEBHOOK), ids=ids("anna", study))
    report = take(study, HEADER, ANNA)
    assert report.n_changed == 0
    assert submission_of(study, "anna").status == "APPROVED"


def test_who_came_and_is_not_in_the_file_is_counted(study):
    arrive(study, "dora")
    assert take(study, HEADER, ANNA).n_missing == 1


def test_who_comes_after_the_import_is_the_same_submission(study):
    take(study, HEADER, ANNA)
    session = arrive(study, "anna")
    assert submission_of(study, "anna").session == session


def test_it_is_in_the_audit_log_without_ids(study):
    take(study, HEADER, ANNA, BERT)
    record = AuditRecord.objects.get(act="import_submissions")
    assert (record.actor, record.detail) == ("cora", {"rows": 2, "changed": 0})


def test_an_import_that_breaks_in_the_middle_leaves_nothing(study, monkeypatch):
    def breaks_at_bert(study, remote, source):
        return 1 / 0 if remote.submission_id == "bert-visit" else note_remote(study, remote, source)

    monkeypatch.setattr("annotations.prolific.submission_import.note_remote", breaks_at_bert)
    with pytest.raises(ZeroDivisionError):
        take(study, HEADER, ANNA, BERT)
    assert not Submission.objects.exists() and not AuditRecord.objects.filter(act="import_submissions").exists()


# -- Variants ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_byte_order_mark_is_taken(study, encoding):
    assert take(study, HEADER, ANNA, encoding=encoding).n_rows == 1


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_separator_is_taken(study, separator):
    lines = ["Submission id|Participant id|Status", "anna-visit|anna-person|APPROVED"]
    take(study, *(line.replace("|", separator) for line in lines))
    assert submission_of(study, "anna").status == "APPROVED"


def test_the_columns_of_earlier_years_are_known(study):
    take(
        study,
        "session_id,participant_id,status,started_datetime,completed_date_time,time_taken,entered_code",
        "anna-visit,anna-person,APPROVED,2021-03-01 10:00:00.123,2021-03-01 10:20:00,1200,OLDCODE",
    )
    here = submission_of(study, "anna")
    assert (here.status, here.entered_code) == ("APPROVED", "OLDCODE")
    assert here.completed_at == dt.datetime(2021, 3, 1, 10, 20, tzinfo=dt.UTC)


def test_columns_may_stand_in_any_order_and_others_are_passed_over(study):
    take(study, "Age,STATUS, Participant ID ,Submission-ID", "25,approved,anna-person,anna-visit")
    assert submission_of(study, "anna").status == "APPROVED"


def test_of_two_names_of_a_column_the_newer_counts(study):
    take(study, "Session id,Submission id,Participant id,Status", "other,anna-visit,anna-person,APPROVED")
    assert submission_of(study, "anna").status == "APPROVED"


def test_empty_lines_windows_ends_and_lines_within_a_cell_are_fine(study):
    text = "\r\n".join(["", HEADER, "", ANNA.replace("Czech, English", "Czech,\r\nEnglish"), ",,,,,,,,,,,,", CARL, ""])
    report = import_csv(study, io.BytesIO(text.encode()), by="cora")
    assert report.n_rows == 2


def test_letters_that_are_no_utf8_in_a_column_that_nobody_reads_are_fine(study):
    data = "\n".join([HEADER, ANNA.replace("Czech", "Français")]).encode("latin-1")
    assert import_csv(study, io.BytesIO(data), by="cora").n_rows == 1


# -- Bad files: named by line, and never half --------------------------------------------------------------------------
def test_every_bad_line_is_named_and_no_good_one_is_taken(study):
    problems = refusal(
        study,
        HEADER,
        ANNA,
        BERT.replace("bert-visit", "5.00E+23"),
        CARL.replace("carl-person", ""),
        CARL.replace("TIMED-OUT", ""),
        CARL.replace("2026-10-25T12:30:00Z", "25/10/2026 12:30"),
        "dora-visit,dora-person",
        ANNA,
    )
    assert problems == [
        "Line 3 has no submission id.",
        "Line 4 has no participant id.",
        "Line 5 has no status.",
        "Line 6 has an invalid time (started at).",
        "Line 7 has fewer columns than the first line.",
        "Line 8 repeats the submission of line 2.",
    ]


def test_a_line_is_counted_where_it_begins(study):
    broken = ANNA.replace("Czech, English", "Czech,\nEnglish")
    assert refusal(study, HEADER, broken, "x,,")[0].startswith("Line 4 ")


def test_at_most_twenty_are_named(study):
    problems = refusal(study, HEADER, *["x,,,,,,,,,,,,"] * 30)
    assert len(problems) == 21 and problems[-1] == "There may be more errors."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column “Submission id”, “Participant id”, “Status”"),
        ("Submission id,Status\na,APPROVED", "no column “Participant id”"),
        ("<html>", "no column"),
        (HEADER, "no submissions"),
        (f'{HEADER}\nanna-visit,"anna', "Line 2 cannot be read"),
    ],
)
def test_what_is_no_export_is_refused(study, text, says):
    assert says in " ".join(refusal(study, *text.split("\n")))


@pytest.mark.parametrize("line", ['{"a":"' + "1" * 200_000 + '"}', "x" * 200_000])
def test_a_file_of_another_kind_with_one_endless_line_is_refused(study, line):
    assert refusal(study, line)[0].startswith("Line 1 cannot be read")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_named(study, time):
    assert refusal(study, HEADER, ANNA.replace("2026-10-25T12:27:09.179000Z", time)) == [
        "Line 2 has an invalid time (started at)."
    ]


def test_what_no_table_can_hold_is_left_out_of_a_status_and_a_code(study):
    take(study, HEADER, ANNA.replace("AWAITING REVIEW", "ON\0 HOLD").replace("C0DE1234", "C0DE\x001234"))
    assert Submission.objects.values_list("status", "entered_code").get() == ("ON HOLD", "C0DE1234")


def test_a_file_that_is_too_large_is_refused(study, monkeypatch):
    monkeypatch.setattr("annotations.prolific.submission_import.MAX_ROWS", 1)
    assert "The limit is 1" in refusal(study, HEADER, ANNA, BERT)[0]


def test_the_export_of_another_study_is_refused(study):
    Study.objects.update(external_study_id="671b8ae84509b9a624b95e13")
    study.refresh_from_db()
    name = "prolific_export_671b8ae84509b9a624b95e14.csv"
    assert "another study" in refusal(study, HEADER, ANNA, name=name)[0]
    assert take(study, HEADER, ANNA, name="prolific_export_671B8AE84509B9A624B95E13 (1).csv").n_rows == 1


def test_a_study_that_forgot_who_is_who_takes_none(study):
    study.sealed_pseudonym_key = b""
    with pytest.raises(IdentityDestroyed):
        take(study, HEADER, ANNA)
