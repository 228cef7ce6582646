"""The export of a study: what is in it, what is not, and that it says the same each time."""

import csv
import datetime as dt
import io
import json
import re
import threading
import uuid
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotations.log.identities import key_of
from annotations.models import AssignmentState, EndAnswer, EndReason, Span, Study
from annotations.releases import study_export
from annotations.releases.tables.table_rows import TABLES
from annotations.results import stored_rows
from annotations.results.study_analysis import Analysed
from annotations.visits.withdrawal import withdraw
from clarify_errors.arrays.phrases.null_level import null_level, p_value
from tests.support.actors import Visit
from tests.support.analysis_studies import analyse
from tests.support.rows import add_phrase, add_run
from tests.support.steps import end, submit_and_score

TRICKY = ("=HYPERLINK(1)", "-red", "@red", 'a "quoted", phrase', "אדום", "🟥 red", "<b>red</b>")


@pytest.fixture(autouse=True)
def _snapshot(request: pytest.FixtureRequest) -> None:
    """A test that commits its rows has them read in a transaction of the export's own."""
    if not request.node.get_closest_marker("django_db"):
        request.getfixturevalue("no_snapshot")


@pytest.fixture
def worked(open_study: Study, alice: Visit, bob: Visit) -> Study:
    """alice tries tricky texts, bob three phrases of which two tie; carol's phrase waits for its score."""
    for i, text in enumerate(TRICKY):
        add_run(add_phrase(alice, text, i / 10), i / 20 + 0.25 if i else None)
    for text, value, accuracy in (("red", 0.5, 0.75), ("crimson", 0.5, 0.625), ("dark", 0.0, None)):
        add_run(add_phrase(bob, text, value), accuracy)
    add_phrase(bob, "waits")
    return open_study


def export(study: Study) -> zipfile.ZipFile:
    file = io.BytesIO()
    study_export.write_study_zip(study, file)
    return zipfile.ZipFile(file)


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def test_the_archive_holds_every_table_and_says_what_it_is(worked: Study) -> None:
    archive = export(worked)
    names = {table.file for table in TABLES}
    assert names == {
        "participants.csv",
        "sessions.csv",
        "assignments.csv",
        "phrases.csv",
        "runs.csv",
        "end_answers.csv",
        "spans.csv",
        "flow.csv",
        "summary.csv",
        "exclusions.csv",
    }
    others = {"README.txt", "study.json", "manifest.json", "data_dictionary.csv", "datapackage.json", "croissant.json"}
    assert set(archive.namelist()) == names | others | {"phrases.jsonl", "events.jsonl"}
    assert archive.testzip() is None
    assert "a worker makes them" in json.loads(archive.read("manifest.json"))["notes"][0]  # Parquet files and figures
    readme = archive.read("README.txt").decode()
    assert all(name in readme for name in names)
    named = set(re.findall(r"\b\w+\.(?:csv|jsonl?|py|cff|txt)\b", readme))
    assert named <= set(archive.namelist()) and "*.parquet" not in readme and "figures/" not in readme


def test_the_data_dictionary_describes_exactly_the_columns_that_are_there(worked: Study) -> None:
    archive = export(worked)
    described = defaultdict(list)
    for row in table(archive, "data_dictionary.csv"):
        assert row["meaning"] and row["type"]
        described[row["file"]].append(row["column"])
    for name in archive.namelist():
        if name.endswith(".csv"):
            assert archive.read(name).decode().split("\r\n")[0].split(",") == described[name]


@pytest.mark.django_db(transaction=True)
def test_the_same_study_gives_the_same_bytes(worked: Study) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    study_export.write_study_zip(worked, first)
    study_export.write_study_zip(worked, second)
    assert first.getvalue() == second.getvalue()


def test_no_outside_id_no_code_and_no_key_is_in_any_file(worked: Study, alice: Visit, bob: Visit) -> None:
    archive = export(worked)
    secrets = [
        *alice.external_ids.values(),
        *bob.external_ids.values(),
        worked.completion_code,
        key_of(worked).decode(),
    ]
    for name in archive.namelist():
        text = archive.read(name).decode()
        assert not [secret for secret in secrets if secret in text], name


def test_phrases_keep_their_text_and_formulas_are_disarmed_only_in_csv(worked: Study) -> None:
    archive = export(worked)
    written = [row["text"] for row in table(archive, "phrases.csv")]
    raw = [json.loads(line)["text"] for line in archive.read("phrases.jsonl").decode().splitlines()]
    assert set(TRICKY) < set(raw)
    assert {"'=HYPERLINK(1)", "'-red", "'@red", 'a "quoted", phrase', "אדום", "🟥 red", "<b>red</b>"} < set(written)
    assert [text.removeprefix("'") for text in written] == raw


def test_the_summary_can_be_computed_again_from_phrases_and_runs_alone(worked: Study) -> None:
    archive = export(worked)
    reached = {row["run"]: row["worst_group_accuracy"] for row in table(archive, "runs.csv")}
    tried = defaultdict(list)
    for row in table(archive, "phrases.csv"):
        tried[row["task"], row["participant"]].append(row)
    headlines = []
    for row in table(archive, "summary.csv"):
        phrases = tried[row["task"], row["participant"]]
        scored = [phrase for phrase in phrases if phrase["error_score"]]
        best = max(scored, key=lambda phrase: float(phrase["error_score"]))
        all_reached = [float(reached[phrase["run"]]) for phrase in scored if reached[phrase["run"]]]
        assert row["phrases"] == str(len(phrases))
        assert (row["best_phrase"], row["best_error_score"]) == (best["text"], best["error_score"])
        assert row["worst_group_accuracy"] == reached[best["run"]]
        assert float(row["worst_group_accuracy_chosen_on_test"]) == max(all_reached)
        headlines.append(float(row["worst_group_accuracy"]))
    assert len(headlines) == 2


def test_the_earliest_of_tied_phrases_is_the_headline(worked: Study, bob: Visit) -> None:
    row = next(r for r in table(export(worked), "summary.csv") if r["participant"] == bob.participant.pseudonym)
    assert (row["best_phrase"], row["worst_group_accuracy"]) == ("red", "0.75")


def test_study_json_names_groups_metrics_and_how_to_recompute(worked: Study) -> None:
    document = json.loads(export(worked).read("study.json"))
    assert document["tasks"][0]["groups"] == ["square, blue", "square, red", "oval, blue", "oval, red"]
    assert document["tasks"][0]["base_model_test_metrics"]["worst_group"] == pytest.approx(0.25)
    assert document["configurations"][0]["version"] == 1
    assert set(document["how_to_recompute"]) == {
        "error_score",
        "null_level",
        "better_than_guessing",
        "run",
        "worst_group_accuracy",
        "summary",
    }


def test_a_phrase_has_the_concept_of_the_last_analysis(open_study: Study, alice: Visit) -> None:
    submit_and_score(alice, "red", "blue")
    assert [row["concept"] for row in table(export(open_study), "phrases.csv")] == ["", ""]
    analyse(open_study)
    numbers = {row.name: str(row.number) for row in Analysed(open_study).concepts.concepts.rows}
    rows = table(export(open_study), "phrases.csv")
    assert [row["concept"] for row in rows] == [numbers[row["text"]] for row in rows] != ["", ""]


def test_a_score_comes_with_its_direction_and_with_what_chance_does(open_study: Study, alice: Visit) -> None:
    submit_and_score(alice, "red", "no blue")
    end(alice)
    archive = export(open_study)
    red, no_blue = table(archive, "phrases.csv")
    assert (red["sign"], red["subject"], red["tries"]) == ("1", "red", "1")
    assert (no_blue["sign"], no_blue["subject"], no_blue["tries"]) == ("-1", "blue", "2")
    assert no_blue["rendered_text"] == "an image of a blue"
    for row in (red, no_blue):
        assert float(row["p_value"]) == p_value(float(row["error_score"]), 15, 9)
        assert float(row["null_level"]) == null_level(15, 9, int(row["tries"]))
        assert (row["p_method"], row["two_sided_threshold"]) == ("exact", row["threshold"])
    assert [row["sign"] for row in table(archive, "runs.csv")] == ["1", "-1"]
    assert [row["phrase"] for row in (red, no_blue)] == [str(phrase.pk) for phrase in alice.assignment.phrases.all()]


def test_an_assignment_says_how_long_it_took_once_it_has_ended(worked: Study, alice: Visit, bob: Visit) -> None:
    ended = alice.assignment
    ended.state, ended.end_reason = AssignmentState.ENDED, EndReason.DONE
    assert ended.started_at is not None
    ended.ended_at = ended.started_at + dt.timedelta(seconds=90.5)
    ended.save()
    took = {row["participant"]: row["duration"] for row in table(export(worked), "assignments.csv")}
    assert took == {alice.participant.pseudonym: "90.5", bob.participant.pseudonym: ""}


@pytest.mark.django_db(transaction=True)
def test_a_phrase_that_comes_during_the_export_is_in_no_table_of_it(
    worked: Study, alice: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submit_from_elsewhere() -> None:
        add_phrase(alice, "too late")
        connection.close()

    def summarise_while_somebody_submits(study: Study) -> object:
        elsewhere = threading.Thread(target=submit_from_elsewhere)
        elsewhere.start()
        elsewhere.join()
        return stored_rows.read_people(study)

    monkeypatch.setattr(study_export, "read_people", summarise_while_somebody_submits)
    archive = export(worked)
    assert worked.sessions.filter(assignments__phrases__text="too late").exists()
    assert "too late" not in archive.read("phrases.csv").decode()


def test_a_draft_without_data_can_be_exported(draft_study: Study) -> None:
    archive = export(draft_study)
    assert table(archive, "summary.csv") == []
    assert json.loads(archive.read("study.json"))["configurations"] == []


@pytest.mark.django_db(transaction=True)
def test_the_command_writes_the_file(worked: Study, tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    call_command("export_study", "sprites", "--output", str(path))
    assert zipfile.ZipFile(path).testzip() is None
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_export_leaves_the_earlier_one(worked: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(study: Study) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "out.zip"
    path.write_bytes(b"the earlier one")
    monkeypatch.setattr(study_export, "read_people", full)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("export_study", "sprites", "--output", str(path))
    assert path.read_bytes() == b"the earlier one"
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_names_the_studies_there_are(worked: Study) -> None:
    with pytest.raises(CommandError, match=r"Known studies: sprites\."):
        call_command("export_study", "sprite")


@pytest.mark.django_db(transaction=True)
def test_the_api_offers_the_same_file(worked: Study, coordinator_client: Client) -> None:
    response = coordinator_client.get("/api/v1/studies/sprites/export/")
    expected = io.BytesIO()
    study_export.write_study_zip(worked, expected)
    assert response["Content-Type"] == "application/zip"
    assert 'filename="clarify-sprites.zip"' in response["Content-Disposition"]
    assert b"".join(response) == expected.getvalue()


def test_nothing_that_was_done_in_a_withdrawn_visit_is_in_it(worked: Study, alice: Visit) -> None:
    EndAnswer.objects.create(session=alice.session, number=1, question="Anything else?", answer="no")
    assert len(table(export(worked), "end_answers.csv")) == 1
    withdraw(alice.session)
    archive = export(worked)
    rows = {row["session"]: row for row in table(archive, "sessions.csv")}
    assert rows.pop(alice.session.submission_key)["withdrawn_at"]
    assert {row["withdrawn_at"] for row in rows.values()} == {""}
    for name in ("assignments.csv", "phrases.csv", "runs.csv", "end_answers.csv", "summary.csv"):
        assert alice.participant.pseudonym not in {row["participant"] for row in table(archive, name)}
    assert "HYPERLINK" not in archive.read("phrases.jsonl").decode()


def test_spans_are_exported_raw_with_their_task(alice: Visit) -> None:
    now = timezone.now()
    fields = {"session": alice.session, "opening": uuid.UUID(int=1), "began_at": now, "received_at": now}
    for kind, assignment in (("visible", alice.assignment), ("offline", None)):
        Span.objects.create(client_uuid=uuid.uuid4(), kind=kind, assignment=assignment, ended_at=now, **fields)
    rows = table(export(alice.session.study), "spans.csv")
    assert [(row["kind"], row["task"], row["duration"]) for row in rows] == [
        ("visible", "1", "0.0"),
        ("offline", "", "0.0"),
    ]
