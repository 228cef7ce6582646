"""Releases: what is in them, that the same state gives the same bytes, and that a withdrawal supersedes them."""

import csv
import datetime as dt
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from annotations.exports.columns import read_text
from annotations.exports.summary import summarise
from annotations.models import (
    AnnotationSession,
    AuditRecord,
    JobState,
    Moderation,
    Participant,
    Phrase,
    Release,
    SessionKind,
    Span,
    Study,
    WorkerBeat,
)
from annotations.services import jobs, releases
from annotations.services.withdrawal import withdraw
from tests.actors import Visit, start_visit
from tests.annotations.exports.rows import add_phrase, add_run
from tests.steps import end, submit_and_score
from worker import heartbeat, release_extras
from worker import releases as worker_releases
from worker.releases import build_due_releases
from worker.retraining import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)

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


@pytest.fixture(autouse=True)
def _no_files_of_another_test() -> Iterator[None]:
    yield
    shutil.rmtree(Path(settings.DATA_ROOT) / releases.FOLDER, ignore_errors=True)


@pytest.fixture
def _nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_extras, "draw_apart", lambda pictures, directory: None)


@pytest.fixture
def worked(open_study: Study, alice: Visit, bob: Visit) -> Study:
    """alice types what breaks CSV files, bob three phrases of which two tie; carol's scores come from the worker."""
    for i, text in enumerate(TRICKY):
        add_run(add_phrase(alice, text, i / 20), i / 20 + 0.25 if i else None)
    for text, value, accuracy in (("red", 0.5, 0.75), ("crimson", 0.5, 0.625), ("dark", 0.0, None)):
        add_run(add_phrase(bob, text, value), accuracy)
    carol = start_visit(open_study, "carol")
    submit_and_score(carol, "red", "no blue")
    spans(carol)
    end(carol)
    train_due_runs()
    add_phrase(bob, "waits")
    return open_study


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
    releases.request(study, by="ada")
    build_due_releases()
    release = study.releases.first()
    assert release is not None
    return release


def opened(release: Release) -> zipfile.ZipFile:
    return zipfile.ZipFile(Path(settings.DATA_ROOT) / release.file)


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def test_a_release_is_a_file_with_a_digest_and_a_manifest_of_everything_in_it(worked: Study) -> None:
    release = build(worked)
    assert (release.state, release.error, release.number) == (JobState.DONE, "", 1)
    path = releases.open_file(release)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == release.digest
    assert path.stat().st_size == release.size
    archive = opened(release)
    assert archive.testzip() is None
    listed = {file["name"]: file for file in release.manifest["files"]}
    assert set(archive.namelist()) == {*listed, "manifest.json"}
    assert json.loads(archive.read("manifest.json")) == release.manifest
    for name, file in listed.items():
        data = archive.read(name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), name
    assert listed["phrases.csv"]["rows"] == listed["phrases.parquet"]["rows"] == Phrase.objects.count()
    assert release.last_event == worked.events.latest("pk").pk
    assert release.manifest["notes"] == []
    assert AuditRecord.objects.get(act="release_requested").actor == "ada"


def test_the_same_state_gives_the_same_bytes(worked: Study) -> None:
    first, second = build(worked), build(worked)
    assert (first.number, second.number) == (1, 2)
    assert first.digest == second.digest


@without_figures
def test_the_dictionary_describes_exactly_the_columns_that_are_there(worked: Study) -> None:
    archive = opened(build(worked))
    described: dict[str, list[str]] = {}
    for row in table(archive, "data_dictionary.csv"):
        assert row["meaning"] and row["type"]
        described.setdefault(row["file"], []).append(row["column"])
    tables = [name for name in archive.namelist() if name.endswith(".csv") and "/" not in name]
    assert set(tables) == set(described)
    for name in tables:
        header = next(csv.reader(io.StringIO(archive.read(name).decode(), newline="")))
        assert header == described[name], name
        parquet = name.replace(".csv", ".parquet")
        if name != "data_dictionary.csv":
            assert pq.read_schema(io.BytesIO(archive.read(parquet))).names == header


@without_figures
def test_csv_parquet_and_jsonl_hold_the_same_phrases(worked: Study) -> None:
    archive = opened(build(worked))
    rows = table(archive, "phrases.csv")
    raw = [json.loads(line)["text"] for line in archive.read("phrases.jsonl").decode().splitlines()]
    parquet = pq.read_table(io.BytesIO(archive.read("phrases.parquet"))).to_pylist()
    assert set(TRICKY) < set(raw)
    assert [read_text(row["text"]) for row in rows] == raw == [row["text"] for row in parquet]
    assert [row["error_score"] for row in rows] == [
        "" if row["error_score"] is None else repr(row["error_score"]) for row in parquet
    ]
    assert [row["submitted_at"] for row in rows] == [
        row["submitted_at"].isoformat(timespec="microseconds").replace("+00:00", "Z") for row in parquet
    ]


@without_figures
def test_long_and_wide_say_what_the_summary_says(worked: Study) -> None:
    archive = opened(build(worked))
    long = {
        (row["task"], row["participant"], row["measure"]): row["value"] for row in table(archive, "measures_long.csv")
    }
    wide = {row["participant"]: row for row in table(archive, "participants_wide.csv")}
    summary = table(archive, "summary.csv")
    assert len(summary) == 3
    for row in summary:
        for measure in ("phrases", "best_error_score", "worst_group_accuracy", "active_time", "wall_time"):
            assert long[row["task"], row["participant"], measure] == row[measure]
            assert wide[row["participant"]][f"task_{row['task']}_{measure}"] == row[measure]


@without_figures
def test_the_script_rebuilds_the_headline_from_the_csv_files_alone(worked: Study, tmp_path: Path) -> None:
    folder, output = tmp_path / "release", tmp_path / "rebuilt"
    opened(build(worked)).extractall(folder)
    for path in folder.rglob("*"):
        if path.is_file() and (path.suffix != ".csv" or path.parent != folder) and path.suffix != ".py":
            path.unlink()
    command = [sys.executable, str(folder / "rebuild.py"), "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 3 rows agree with summary.csv." in done.stdout
    rebuilt = {row["participant"]: row for row in csv.DictReader((output / "rebuilt_summary.csv").open())}
    for row in summarise(worked).tasks[0].participants:
        again = rebuilt[row.participant]
        for name, value in (
            ("phrases", row.n_phrases),
            ("best_error_score", row.best_error_score),
            ("worst_group_accuracy", row.worst_group_accuracy),
            ("active_time", row.times.active),
        ):
            assert again[name] == "" if value is None else float(again[name]) == pytest.approx(value, abs=1e-9)
    assert sorted(float(row["active_time"]) for row in rebuilt.values() if row["active_time"]) == [13.0]
    total = next(
        row
        for row in csv.DictReader((output / "rebuilt_totals.csv").open())
        if row["measure"] == "worst_group_accuracy"
    )
    assert float(total["mean"]) == pytest.approx(summarise(worked).tasks[0].worst_group_accuracy.mean, abs=1e-12)
    for name in ("error-scores", "annotation-time", "worst-group"):
        assert (output / f"rebuilt_{name}.png").read_bytes().startswith(b"\x89PNG")


@without_figures
def test_the_worked_example_of_the_docs_runs_on_a_release(worked: Study, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    opened(build(worked)).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    drawn = set(re.findall(r"savefig\(\"([^\"]+)\"", code))
    assert len(drawn) == 3 and all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in drawn)
    assert {f"images/{name}" for name in drawn} == set(re.findall(r"\]\(([^)]+png)\)", page))
    headline = summarise(worked).tasks[0].worst_group_accuracy
    assert headline.mean is not None and f"{headline.mean:.3f}" in done.stdout


@without_figures
def test_the_script_says_where_the_csv_files_do_not_agree(worked: Study, tmp_path: Path) -> None:
    opened(build(worked)).extractall(tmp_path / "release")
    runs = tmp_path / "release" / "runs.csv"
    runs.write_text(runs.read_text("utf-8").replace(",0.75,", ",0.7,"), "utf-8")
    command = [sys.executable, str(tmp_path / "release" / "rebuild.py"), "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "worst_group_accuracy: 0.7 here, 0.75 in summary.csv" in done.stdout


def test_nothing_that_ties_data_to_a_person_is_in_any_byte_of_it(worked: Study, alice: Visit, bob: Visit) -> None:
    archive = opened(build(worked))
    secrets = [*alice.external_ids.values(), *bob.external_ids.values(), worked.completion_code, worked.pseudonym_key]
    for name in archive.namelist():
        data = archive.read(name)
        assert not [secret for secret in secrets if secret.encode() in data], name
    assert not any(b"127.0.0.1" in archive.read(name) for name in archive.namelist())


@without_figures
def test_the_ledger_says_what_is_left_out_and_why(worked: Study, alice: Visit, bob: Visit) -> None:
    withdraw(alice.session)
    preview = AnnotationSession.objects.create(
        study=worked,
        participant=Participant.objects.create(study=worked, pseudonym="Ppreview"),
        configuration=worked.configurations.get(),
        submission_key="Spreview",
        kind=SessionKind.PREVIEW,
        seed=1,
        code_version="x",
    )
    Phrase.objects.filter(text="crimson").update(moderation=Moderation.EXCLUDED, moderation_reason="spam")
    Phrase.objects.filter(text="dark").update(moderation=Moderation.HIDDEN, moderation_reason="names somebody")
    archive = opened(build(worked))
    ledger = table(archive, "exclusions.csv")
    reasons = {(row["what"], row["reason"]): row for row in ledger}
    assert reasons["visit", "preview"]["session"] == preview.submission_key
    assert reasons["visit", "withdrawn"]["session"] == alice.session.submission_key
    assert reasons["phrase", "moderation"]["detail"] == "spam"
    assert reasons["phrase", "pending"]["ordinal"] == "4"
    assert reasons["run", "refused"]["detail"] == "a slice is too small"
    texts = [row["text"] for row in table(archive, "phrases.csv")]
    assert "crimson" not in texts and "dark" not in texts and "(hidden)" in texts
    for name in archive.namelist():
        if not name.startswith("figures/"):
            assert not {word for word in ("crimson", "dark", "HYPERLINK") if word.encode() in archive.read(name)}, name


@without_figures
def test_events_of_withdrawn_visits_are_not_in_the_log_of_a_release(worked: Study, alice: Visit) -> None:
    withdraw(alice.session)
    archive = opened(build(worked))
    sessions = {json.loads(line)["session"] for line in archive.read("events.jsonl").decode().splitlines()}
    assert alice.session.submission_key not in sessions
    assert len(sessions) == 3  # bob, carol, and the study itself


@without_figures
def test_a_withdrawal_supersedes_the_releases_that_hold_the_person(worked: Study, alice: Visit) -> None:
    before = build(worked)
    withdraw(alice.session)
    before.refresh_from_db()
    assert before.superseded_at is not None
    assert "withdrew" in before.superseded_reason
    with pytest.raises(releases.ReleaseSuperseded):
        releases.open_file(before)
    after = build(worked)
    assert releases.open_file(after).is_file()
    assert alice.participant.pseudonym.encode() not in opened(after).read("phrases.csv")
    assert (Path(settings.DATA_ROOT) / before.file).is_file()  # for audits


@without_figures
def test_a_withdrawal_of_somebody_who_came_later_supersedes_nothing(worked: Study) -> None:
    before = build(worked)
    withdraw(start_visit(worked, "late").session)
    before.refresh_from_db()
    assert before.superseded_at is None


@without_figures
def test_a_withdrawal_during_the_building_supersedes_what_is_built(
    worked: Study, alice: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = worker_releases._sha256

    def withdraw_meanwhile(path: Path) -> str:
        withdraw(alice.session)
        return whole(path)

    monkeypatch.setattr(worker_releases, "_sha256", withdraw_meanwhile)
    assert build(worked).superseded_at is not None


def test_who_asks_while_one_is_waiting_gets_that_one(worked: Study) -> None:
    assert releases.request(worked, by="ada") == releases.request(worked, by="bea")
    with pytest.raises(releases.ReleaseNotReady):
        releases.open_file(worked.releases.get())


def test_a_full_disk_is_said_and_leaves_no_half_file(worked: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker_releases, "write_study_zip", full)
    release = build(worked)
    assert (release.state, release.error) == (
        JobState.FAILED,
        "The file could not be written: No space left on device.",
    )
    assert list(releases.file_of(release).parent.iterdir()) == []


def test_without_the_extra_the_manifest_says_what_is_missing(worked: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_releases, "extras", lambda: None)
    release = build(worked)
    assert "clarify[analysis]" in release.manifest["notes"][0]
    names = opened(release).namelist()
    assert "phrases.csv" in names and "phrases.parquet" not in names


def test_a_study_without_data_and_one_with_one_person_can_be_released(draft_study: Study) -> None:
    archive = opened(build(draft_study))
    assert table(archive, "summary.csv") == []
    assert pq.read_table(io.BytesIO(archive.read("phrases.parquet"))).num_rows == 0


@without_figures
def test_the_worker_that_lost_its_job_writes_nothing_to_it(worked: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(path: Path) -> str:
        Release.objects.update(attempts=9)
        return "0" * 64

    monkeypatch.setattr(worker_releases, "_sha256", lose)
    release = build(worked)
    assert (release.state, release.digest) == (JobState.RUNNING, "")
    assert jobs.take(Release) is None  # its heart beat a moment ago


@without_figures
def test_the_command_builds_and_says_where(worked: Study) -> None:
    out = io.StringIO()
    call_command("release_study", "sprites", stdout=out)
    assert worked.releases.get().digest in out.getvalue()
    with pytest.raises(CommandError, match=r"There are: sprites\."):
        call_command("release_study", "spirtes")


@without_figures
def test_the_command_waits_for_the_worker_that_has_it(worked: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    releases.request(worked, by="ada")
    held = jobs.take(Release)
    assert held is not None
    monkeypatch.setattr(time, "sleep", lambda seconds: jobs.put_back(held))
    out = io.StringIO()
    call_command("release_study", "sprites", stdout=out)
    assert worked.releases.get().digest in out.getvalue()


@without_figures
def test_a_heart_that_is_due_to_beat_in_the_snapshot_does_no_harm(
    worked: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_queues", ("embed",))
    monkeypatch.setattr(heartbeat, "BEAT_EVERY_S", 0.0)  # at every touch, as after five seconds of writing
    release = build(worked)
    assert (release.state, release.error) == (JobState.DONE, "")
    assert WorkerBeat.objects.get().queue == "embed"
