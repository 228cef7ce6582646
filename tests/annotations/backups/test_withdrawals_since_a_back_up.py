"""manage.py restore of a back-up that is older than a withdrawal, an erasure, or the end of a study's ids."""

import datetime as dt
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotations.backups.backup_manifest import MANIFEST, Manifest
from annotations.backups.making import back_up
from annotations.backups.restoring import restore
from annotations.log import withdrawal_ledger
from annotations.log.replay import differences
from annotations.log.replay import replay as rebuilt
from annotations.log.withdrawal_ledger import Act
from annotations.models import (
    AnnotationSession,
    AuditRecord,
    IdentityKey,
    Participant,
    Phrase,
    Stage,
    Study,
    Submission,
)
from annotations.prolific_client.statuses import Status
from annotations.studies import lifecycle
from annotations.visits import erasure, retention, sessions, withdrawal, withdrawal_replay
from tests.support import forked
from tests.support.actors import Visit
from tests.support.logged import stored
from tests.support.steps import end, submit_and_score
from worker.tasks.maintenance import erase_withdrawn

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "back-ups" / "old"


def _drop_all_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


@dataclass(frozen=True)
class Restored:
    """The site of the old back-up, in place of the one that went on."""

    folder: Path

    def __call__(self, *options: str) -> None:
        _drop_all_tables()
        call_command("restore", self.folder, *options)


@pytest.fixture
def restored(folder: Path, alice: Visit, bob: Visit) -> Iterator[Restored]:
    submit_and_score(alice, "red")
    submit_and_score(bob, "crimson")
    back_up(folder)
    yield Restored(folder)
    if not connection.introspection.table_names():  # a test that failed, and others come
        call_command("migrate", interactive=False, verbosity=0)


def visit_of(person: Visit) -> AnnotationSession:
    return AnnotationSession.objects.get(public_id=person.session.public_id)


def test_who_withdrew_since_stays_withdrawn_and_erased_and_the_others_are_as_they_were(
    restored: Restored, alice: Visit, bob: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawal.withdraw(alice.session)
    restored()
    assert list(Phrase.objects.values_list("text", flat=True)) == ["crimson"]
    visit = visit_of(alice)
    assert visit.stage == Stage.WITHDRAWN and visit.withdrawn_at and visit.erased_at
    assert visit_of(bob).withdrawn_at is None
    said = capsys.readouterr().out
    assert f"Visit {alice.session.public_id} is withdrawn again." in said
    assert "1 acts of since then are done again. What was due is erased." in said
    assert differences(rebuilt(visit.study), stored(visit.study)) == []
    assert withdrawal_replay.replay() == []
    assert AuditRecord.objects.get(act="withdrawals_replayed").detail == {"done": 1}


def test_by_the_visits_random_id_alone(restored: Restored, alice: Visit) -> None:
    withdrawal.withdraw(alice.session)
    (name,) = (file.name for file in settings.WITHDRAWALS_ROOT.iterdir() if file.name[0].isdigit())
    stamp, act, visit = name.split("-", 2)
    assert (len(stamp), act, visit) == (16, "withdrawn", str(alice.session.public_id))
    assert (settings.WITHDRAWALS_ROOT / name).read_bytes() == b""
    assert settings.WITHDRAWALS_ROOT.stat().st_mode & 0o077 == 0


def test_who_was_forgotten_since_is_forgotten_again_though_the_back_up_owes_them(
    restored: Restored, alice: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    pseudonym = alice.participant.pseudonym
    end(alice)
    sessions.finish(alice.session)
    withdrawal.withdraw(alice.session)
    Submission.objects.filter(session=alice.session).update(status=Status.APPROVED)
    assert erasure.erase_due(timezone.now()) == (1, 1)
    restored()
    person = Participant.objects.get(pk=alice.participant.pk)
    assert person.erased_at and person.pseudonym != pseudonym
    assert Submission.objects.get(session=visit_of(alice)).sealed_ids is None
    assert not IdentityKey.objects.filter(pseudonym=pseudonym).exists()
    assert f"Who participant {person.pk} was is destroyed again." in capsys.readouterr().out


def test_a_study_that_was_closed_since_and_its_ids_destroyed_is_so_again(
    restored: Restored, alice: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    study = lifecycle.close_study(alice.session.study)
    assert retention.destroy_ids(study, by="carol")
    restored()
    said = capsys.readouterr().out
    assert "Study sprites is closed again." in said and "The ids of study sprites are destroyed again." in said
    assert Study.objects.get().closed_at and not Study.objects.get().keeps_ids
    assert not IdentityKey.objects.exists()


def test_a_visit_that_the_back_up_does_not_know_is_no_error(restored: Restored, alice: Visit) -> None:
    withdrawal_ledger.keep(Act.WITHDRAWN, [uuid.UUID("00000000-0000-4000-8000-000000000000")])
    restored()
    assert visit_of(alice).withdrawn_at is None


KILLED = """
import os, signal, sys, django
django.setup()
from annotations.models import AnnotationSession
from annotations.visits import withdrawal
from django.db import transaction

with transaction.atomic():
    withdrawal.withdraw(AnnotationSession.objects.get())
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_between_the_file_and_the_commit_has_still_heard_the_person(
    alice: Visit, subprocess_environment: dict[str, str]
) -> None:
    done = forked.run(KILLED, environment=subprocess_environment)
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert AnnotationSession.objects.get().withdrawn_at is None
    erase_withdrawn()
    erase_withdrawn()
    assert AnnotationSession.objects.get().erased_at


def test_a_restore_that_is_killed_after_the_database_is_completed_by_the_maintenance_worker(
    restored: Restored, alice: Visit
) -> None:
    withdrawal.withdraw(alice.session)
    _drop_all_tables()
    restore(restored.folder)  # of the command, all up to there
    assert visit_of(alice).withdrawn_at is None
    erase_withdrawn()
    erase_withdrawn()
    assert visit_of(alice).erased_at


def test_a_folder_that_knows_of_no_withdrawals_is_refused_before_anything_is_changed(
    restored: Restored, alice: Visit, tmp_path: Path
) -> None:
    withdrawal.withdraw(alice.session)
    settings.WITHDRAWALS_ROOT.rename(tmp_path / "elsewhere")
    with pytest.raises(CommandError, match=r"does not hold the withdrawals since .* Nothing was changed"):
        restored()
    assert connection.introspection.table_names() == []
    call_command("restore", restored.folder, "--without-withdrawals")
    assert visit_of(alice).withdrawn_at is None


def test_a_back_up_that_is_older_than_what_is_kept_is_refused(restored: Restored) -> None:
    withdrawal_ledger.prune(timezone.now() + 25 * HOUR)
    with pytest.raises(CommandError, match="would bring back people who withdrew"):
        restored()
    call_command("restore", restored.folder, "--without-withdrawals")


@pytest.fixture
def unwritable() -> Iterator[Path]:
    """A file where the folder should be: whoever may write anywhere cannot write there either."""
    root: Path = settings.WITHDRAWALS_ROOT
    root.write_text("")
    yield root
    if root.is_file():
        root.unlink()


def test_a_withdrawal_is_not_refused_where_the_file_cannot_be_written_and_operators_read_of_it(
    alice: Visit, unwritable: Path, admin_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    own = str(alice.client.get("/visit/withdraw")["Location"])
    assert "You have withdrawn" in alice.client.post(own, follow=True).content.decode()
    assert visit_of(alice).stage == Stage.WITHDRAWN
    assert "a withdrawal is not beside the back-ups yet" in caplog.text
    warning = "Withdrawals cannot be kept beside the back-ups"
    assert warning in admin_client.get("/admin/jobs/").content.decode()
    unwritable.unlink()
    erase_withdrawn()
    assert withdrawal_ledger.kept(Act.WITHDRAWN) == {alice.session.public_id}
    assert warning not in admin_client.get("/admin/jobs/").content.decode()


def test_who_was_erased_before_the_folder_was_there_is_written_into_it(alice: Visit) -> None:
    withdrawal.withdraw(alice.session)
    erasure.erase_due(timezone.now())
    for file in settings.WITHDRAWALS_ROOT.iterdir():
        file.unlink()
    assert withdrawal_replay.write_missing() == 2
    assert withdrawal_ledger.kept(Act.WITHDRAWN) == withdrawal_ledger.kept(Act.FORGOTTEN) == {alice.session.public_id}
    assert withdrawal_replay.write_missing() == 0


def test_what_every_back_up_holds_is_removed_with_the_next_one_and_not_written_again(
    alice: Visit, bob: Visit, folder: Path
) -> None:
    now = timezone.now()
    for person, days in ((alice, 3), (bob, 0)):
        withdrawal.withdraw(person.session)
        AnnotationSession.objects.filter(pk=person.session.pk).update(withdrawn_at=now - dt.timedelta(days=days))
    for file in list(settings.WITHDRAWALS_ROOT.iterdir()):
        file.unlink()
    assert withdrawal_replay.write_missing() == 2
    back_up(folder)
    assert withdrawal_ledger.kept(Act.WITHDRAWN) == {bob.session.public_id}
    assert withdrawal_replay.write_missing() == 0


def test_an_older_back_up_that_comes_back_later_is_not_taken_for_one_whose_withdrawals_are_there(folder: Path) -> None:
    for days in (1, 9):
        withdrawal_ledger.prune(timezone.now() - dt.timedelta(days=days))
    assert not withdrawal_ledger.covers(timezone.now() - dt.timedelta(days=9))


def test_while_an_older_back_up_is_there_nothing_is_removed(alice: Visit, folder: Path) -> None:
    back_up(folder)
    older = Manifest.read(folder)
    made_at = dt.datetime.fromisoformat(older.made_at) - dt.timedelta(days=30)
    text = (folder / MANIFEST).read_text().replace(older.made_at, made_at.isoformat())
    (folder / MANIFEST).write_text(text)
    (settings.WITHDRAWALS_ROOT / "kept-since").unlink()  # it knew of no back-up that old
    withdrawal.withdraw(alice.session)
    for _ in range(2):
        back_up(folder.with_name(f"new-{len(list(folder.parent.iterdir()))}"))
    assert withdrawal_ledger.kept(Act.WITHDRAWN) == {alice.session.public_id}
    assert withdrawal_ledger.covers(made_at)
