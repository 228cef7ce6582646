"""manage.py back_up and restore: a whole site, on a real PostgreSQL, while people arrive."""

import datetime as dt
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from psycopg import sql

from annotations.backups import files, postgres_tools
from annotations.backups import last_backup as back_ups
from annotations.backups.making import back_up
from annotations.base import unnamed_files
from annotations.base.data_store.folder_store import FolderStore
from annotations.log import withdrawal_ledger
from annotations.models import BaseModel, IdentityKey, Phrase
from tests.support import forked
from tests.support.actors import Visit, create_study, open_study, start_visit, store_base_model, store_dataset
from tests.support.other_arrivals import arrivals, wait_for_arrivals
from tests.support.own_database import Committed
from tests.support.steps import end, submit, submit_and_score
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Elsewhere:
    """A second site on the same server: its database is empty, and so is its DATA_ROOT."""

    environment: dict[str, str]
    data: Path

    def manage(self, *arguments: object, succeeds: bool = True, **settings: str) -> str:
        """Run one of manage.py's commands there; returns what it said."""
        done = forked.run(forked.MANAGE, *map(str, arguments), environment=self.environment | settings)
        assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ask(self, query: str) -> object:
        with psycopg.connect(self.environment["DATABASE_URL"]) as there:
            row = there.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

    @property
    def n_tables(self) -> object:
        return self.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


@pytest.fixture
def elsewhere(tmp_path: Path, subprocess_environment: dict[str, str]) -> Iterator[Elsewhere]:
    name = f"{connection.settings_dict['NAME']}_elsewhere"
    url = urlsplit(subprocess_environment["DATABASE_URL"])
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(urlunsplit(url._replace(path="/postgres")), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        there = {
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
            "DATA_ROOT": str(tmp_path / "data"),
            "DATA_STORE": str(tmp_path / "data" / "contents"),
            "WITHDRAWALS_ROOT": str(tmp_path / "withdrawals"),
        }
        with override_settings(WITHDRAWALS_ROOT=tmp_path / "withdrawals"):
            withdrawal_ledger.prune(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        yield Elsewhere(subprocess_environment | there, tmp_path / "data")
        server.execute(drop)


@pytest.fixture
def data_root(sprites_directory: Path, tmp_path: Path, settings, alice: Visit) -> Path:
    """The site's DATA_ROOT, with its data set, and what nobody has finished writing."""
    settings.DATA_ROOT = _written(sprites_directory, tmp_path / "site")
    return Path(settings.DATA_ROOT)


def _written(sprites_directory: Path, root: Path) -> Path:
    shutil.copytree(sprites_directory, root / sprites_directory.relative_to(settings.DATA_ROOT))
    for unfinished in ("datasets/.partial-birds/labels.npy", "datasets/.import.lock", "uploads/import-7/unpacked"):
        (root / unfinished).parent.mkdir(parents=True, exist_ok=True)
        (root / unfinished).write_text("half of it")
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "back-ups" / "today"


@pytest.fixture(scope="module")
def made_once(committed: Committed, sprites_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A back-up of a site with two people in the middle of their first tasks."""
    place = tmp_path_factory.mktemp("made-once")
    with committed():
        study = open_study(create_study(store_base_model(store_dataset(sprites_directory))))
        for name in ("alice", "bob"):
            start_visit(study, name)
        with override_settings(DATA_ROOT=_written(sprites_directory, place / "site")):
            back_up(place / "today")
    return place / "today"


@pytest.fixture
def backed_up(made_once: Path, folder: Path) -> Path:
    """A copy of it, for a test to damage."""
    return Path(shutil.copytree(made_once, folder))


def test_a_restored_site_has_all_that_people_did_and_goes_on(
    alice: Visit, bob: Visit, data_root: Path, folder: Path, elsewhere: Elsewhere
) -> None:
    submit_and_score(alice, "red", "blue", "no blue")
    end(alice)
    train_due_runs()
    submit(bob, "crimson")
    call_command("back_up", folder)
    said = elsewhere.manage("restore", folder)
    assert "counts and digests agree" in said and "IDENTITY_KEYS decrypt all 5 stored keys and tokens." in said
    assert elsewhere.ask("SELECT count(*) FROM annotations_phrase") == Phrase.objects.count()
    assert "The log and the tables agree on 2 visits." in elsewhere.manage("verify_log", "sprites")
    assert "Recomputed 3 scores, 3 runs" in elsewhere.manage("recompute", "--all")
    with arrivals(elsewhere.environment) as site:
        wait_for_arrivals(site, 2)
    assert "The log and the tables agree on" in elsewhere.manage("verify_log", "sprites")


def test_it_is_of_one_moment_while_people_arrive(
    alice: Visit, data_root: Path, folder: Path, elsewhere: Elsewhere, subprocess_environment: dict[str, str]
) -> None:
    with arrivals({**subprocess_environment, "DATA_ROOT": str(data_root)}) as site:
        wait_for_arrivals(site)
        manifest = back_up(folder)
        wait_for_arrivals(site)
    n_visits = manifest.tables["annotations_annotationsession"].rows
    assert 6 <= n_visits < IdentityKey.objects.count()
    assert "counts and digests agree" in elsewhere.manage("restore", folder)
    assert f"The log and the tables agree on {n_visits} visits." in elsewhere.manage("verify_log", "sprites")


def test_it_holds_what_is_whole_and_sha256sum_agrees(backed_up: Path, data_root: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=backed_up, capture_output=True)
    assert done.returncode == 0, done.stderr
    kept = {file.relative_to(backed_up / "data") for file in (backed_up / "data").rglob("*") if file.is_file()}
    there = {file.relative_to(data_root) for file in data_root.rglob("*") if file.is_file()}
    assert {str(file) for file in there - kept} == {
        "datasets/.partial-birds/labels.npy",
        "datasets/.import.lock",
        "uploads/import-7/unpacked",
    }
    n_stored = len(list((backed_up / "contents").iterdir()))
    assert len((backed_up / "SHA256SUMS").read_text().splitlines()) == len(kept) + n_stored + 2


def test_it_holds_the_files_that_rows_name_and_tells_of_those_that_are_damaged_or_missing(
    data_root: Path, bob: Visit, folder: Path, own_store: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    base_model = bob.assignment.task.base_model
    BaseModel.objects.filter(pk=base_model.pk).update(head=b"damaged")
    base_model.pk, base_model.name, base_model.head = None, "another", b"missing"
    base_model.save(force_insert=True)
    damaged, missing = (BaseModel.objects.get(name=name).head for name in ("by colour", "another"))
    assert damaged and missing
    own_store.path(damaged.digest).write_bytes(b"half of it")
    own_store.path(missing.digest).unlink()
    own_store.put(b"what no row names")
    call_command("back_up", folder)
    said = capsys.readouterr().out
    for digest in (damaged.digest, missing.digest):
        assert f"A row names contents/{digest}, but this file is missing or damaged." in said
    there = unnamed_files.named() - {damaged.digest, missing.digest}
    assert there == {file.name for file in (folder / "contents").iterdir()}


def test_the_jobs_page_tells_operators_of_the_last_back_up(data_root: Path, folder: Path, admin_client: Client) -> None:
    def page() -> str:
        return admin_client.get("/admin/jobs/").content.decode()

    assert "There is none." in page() and back_ups.last() is None
    call_command("back_up", folder)
    made = back_ups.last()
    assert made is not None and made.made_at < made.checked_at and made.folder == "today"
    assert made.n_bytes == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert "There is none." not in page() and "<td>today</td>" in page()


def test_a_copy_that_is_not_what_was_read_is_no_back_up(
    data_root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(source: Path, target: Path) -> dict[str, str]:
        copied = copy_all(source, target)
        (target / next(iter(copied))).write_bytes(b"half of it")  # by a bad disk
        return copied

    copy_all = files.copy_all
    monkeypatch.setattr(files, "copy_all", broken)
    with pytest.raises(CommandError, match="differ from what was backed up"):
        call_command("back_up", folder)
    assert not folder.exists() and back_ups.last() is None


def test_it_is_its_owners_alone_and_holds_no_secret(backed_up: Path) -> None:
    assert backed_up.stat().st_mode & 0o777 == 0o700
    for file in ("manifest.json", "database.dump"):
        for name in ("IDENTITY_KEYS", "SECRET_KEY"):
            assert os.environ[name].encode() not in (backed_up / file).read_bytes()
    assert set(json.loads((backed_up / "manifest.json").read_text())["kept_apart"]) == {"IDENTITY_KEYS", "SECRET_KEY"}


@pytest.mark.parametrize("damaged", ["database.dump", "data/datasets"])
def test_a_damaged_file_is_named_and_nothing_is_restored(backed_up: Path, elsewhere: Elsewhere, damaged: str) -> None:
    path = backed_up / damaged
    file = path if path.is_file() else next(file for file in path.rglob("*.npy"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    said = elsewhere.manage("restore", backed_up, succeeds=False)
    assert f"1 of the files of {backed_up} differ from what was backed up" in said
    assert str(file.relative_to(backed_up)) in said
    assert elsewhere.n_tables == 0 and not elsewhere.data.exists()


def test_a_database_that_is_not_empty_is_left_as_it_is(backed_up: Path) -> None:
    n_phrases = Phrase.objects.count()
    with pytest.raises(CommandError, match=r"is not empty: it has \d+ tables. Nothing was changed"):
        call_command("restore", backed_up)
    assert Phrase.objects.count() == n_phrases


def test_files_that_lie_there_already_must_be_the_same(backed_up: Path, elsewhere: Elsewhere) -> None:
    shutil.copytree(backed_up / "data", elsewhere.data)
    file = next(elsewhere.data.rglob("labels.npy"))
    content = file.read_bytes()
    file.write_bytes(content + b"?")
    assert "1 of the files in" in elsewhere.manage("restore", backed_up, succeeds=False)
    assert elsewhere.n_tables == 0
    file.write_bytes(content)
    assert "digests agree" in elsewhere.manage("restore", backed_up)


def test_other_identity_keys_are_noticed_and_nothing_has_to_be_restored_again(
    backed_up: Path, elsewhere: Elsewhere
) -> None:
    others = "others-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRST"
    said = elsewhere.manage("restore", backed_up, succeeds=False, IDENTITY_KEYS=others)
    assert "counts and digests agree" in said and "IDENTITY_KEYS cannot decrypt 5 of the stored keys and tokens" in said
    assert "no issues" in elsewhere.manage("check", "--database", "default")


def test_a_back_up_of_a_newer_version_is_refused(backed_up: Path, elsewhere: Elsewhere) -> None:
    manifest = json.loads((backed_up / "manifest.json").read_text())
    manifest["migrations"].append("annotations.9999_of_the_next_version")
    manifest["clarify"] = "99.0"
    (backed_up / "manifest.json").write_text(json.dumps(manifest))
    said = elsewhere.manage("restore", backed_up, succeeds=False)
    assert "Restore it with Clarify 99.0 or newer: annotations.9999_of_the_next_version." in said


def test_a_back_up_of_0_16_is_refused(backed_up: Path, elsewhere: Elsewhere) -> None:
    manifest = json.loads((backed_up / "manifest.json").read_text())
    manifest |= {"migrations": ["auth.0001_initial", "annotations.0001_datasets"], "clarify": "0.16.0"}
    (backed_up / "manifest.json").write_text(json.dumps(manifest))
    said = elsewhere.manage("restore", backed_up, succeeds=False)
    assert "Nothing was changed: restore it with Clarify 0.17, make a back-up of that site" in said
    assert elsewhere.n_tables == 0 and not elsewhere.data.exists()


def test_a_file_that_a_row_names_and_nobody_has_is_told_of(data_root: Path, folder: Path, capsys) -> None:
    shutil.rmtree(data_root / "datasets")
    call_command("back_up", folder)
    assert "but this file is missing or damaged." in capsys.readouterr().out


def test_a_folder_that_is_there_and_one_in_data_root_are_refused(data_root: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="already exists"):
        call_command("back_up", tmp_path)
    with pytest.raises(CommandError, match="is inside DATA_ROOT"):
        call_command("back_up", data_root / "back-up")


def test_a_name_that_breaks_the_list_of_digests_is_refused(data_root: Path, folder: Path) -> None:
    (data_root / "two\nlines").write_text("of somebody else")
    with pytest.raises(
        CommandError, match=r"1 of the files in .* have unprintable characters in their names.*two.nlines"
    ):
        call_command("back_up", folder)
    assert not folder.exists()


def test_what_fails_halfway_leaves_nothing_that_looks_like_a_back_up(
    data_root: Path, folder: Path, monkeypatch
) -> None:
    def full(*places: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "copy_all", full)
    with pytest.raises(CommandError, match="cannot be written: No space left on device"):
        call_command("back_up", folder)
    assert list(folder.parent.iterdir()) == []


def test_a_missing_or_too_old_pg_dump_is_a_sentence(data_root: Path, folder: Path, tmp_path: Path, monkeypatch) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    old.chmod(0o755)
    for found, said in (
        ([], ". Install PostgreSQL's client programs"),
        ([old], f" \\(there is {old} of 9\\). Install"),
    ):
        monkeypatch.setattr(postgres_tools, "candidates", lambda name, found=found: iter(found))
        with pytest.raises(
            CommandError, match=f"There is no pg_dump of PostgreSQL {postgres_tools.server_version()}{said}"
        ):
            call_command("back_up", folder)
    assert not folder.exists()


def test_the_password_is_on_no_command_line_and_what_pg_dump_says_is_passed_on(
    data_root: Path, folder: Path, tmp_path: Path, subprocess_environment: dict[str, str]
) -> None:
    program = tmp_path / "bin" / "pg_dump"  # of the server's version, and the first on the PATH
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\ncd {tmp_path}\n"
        f"[ $1 = --version ] && echo 'pg_dump (PostgreSQL) {postgres_tools.server_version()}.0' && exit\n"
        'echo "$@" > arguments; echo "$PGPASSWORD" > password; echo "out of luck" >&2; exit 1\n'
    )
    program.chmod(0o755)
    url = urlsplit(subprocess_environment["DATABASE_URL"])
    url = url._replace(netloc=url.netloc.replace(":@", ":tell-nobody@"))  # a server of our own asks for none
    assert url.password
    path = f"{program.parent}:{subprocess_environment['PATH']}"
    site = Elsewhere(subprocess_environment | {"DATABASE_URL": urlunsplit(url), "PATH": path}, data_root)
    assert "pg_dump failed: out of luck" in site.manage("back_up", folder, succeeds=False)
    assert (tmp_path / "password").read_text().strip() == url.password
    assert url.password not in (tmp_path / "arguments").read_text()


def test_a_folder_that_holds_no_back_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="it is not a complete back-up"):
        call_command("restore", tmp_path)
