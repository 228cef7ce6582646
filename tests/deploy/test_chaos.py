"""Faults: what is done to a site, what is found, and ten of them on a real site."""

import errno
import os
import random
import re
import shutil
import subprocess
import sys
import uuid
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from rich.console import Console

from annotations.base.data_store.folder_store import FolderStore
from annotations.models import BaseModel, Event, Phrase, PhraseState, Score, Study
from clarify_site.home import ROOT
from deploy.local import site as site_module
from deploy.local.services import free_port, valkey_server
from deploy.local.site import Site, roles
from deploy.local.stages import Stages
from tests.chaos import chaos_report
from tests.chaos.comparison import Comparison, compare
from tests.chaos.course import Course, Outcome, Struck
from tests.chaos.faults import Act, Fault, kinds, plan
from tests.chaos.mutated_rounds import ROLES, Round, few_roles
from tests.chaos.mutations import MUTATIONS, STARTUP, VARIABLE, Mutation
from tests.chaos.people import NO_ANSWER, Post, Receipts
from tests.chaos.trouble import Trouble, make_trouble
from tests.support import local_services
from tests.support.actors import Visit
from tests.support.steps import submit, submit_and_score

FULL = """
from pathlib import Path
from tests.chaos.trouble import full
disk = Path("{disk}")
with full(disk):
    try:
        (disk / "more").write_bytes(bytes(100_000))
    except OSError as error:
        print(error.errno)
print((disk / "more").write_bytes(bytes(100_000)))
"""
TEN = [
    Fault("broker", Act.EMPTIED),
    Fault("broker", Act.KILLED, 1.0),
    Fault("PostgreSQL", Act.KILLED),
    Fault("PostgreSQL", Act.STOPPED, 1.0),
    Fault("web", Act.KILLED),
    Fault("web to PostgreSQL", Act.HALF_OPEN),
    Fault("proxy", Act.KILLED),
    Fault("worker-interactive", Act.KILLED),
    Fault("host B", Act.CUT_OFF, 2.0),
    Fault("senders", Act.UNFINISHED, 1.0),
]


def test_a_plan_has_each_kind_as_often_as_any_other_and_is_its_seeds() -> None:
    every = kinds(ROLES)
    faults = plan(3 * len(every), every, random.Random(7))
    named = {fault.kind for fault in every}
    assert all(sum(fault.kind == kind for fault in faults) == 3 for kind in named)
    assert faults == plan(3 * len(every), every, random.Random(7)) != plan(3 * len(every), every, random.Random(8))


def test_every_role_is_killed_and_every_server_has_its_trouble() -> None:
    every = list(roles(Path(), Path()))
    found = {(fault.target, fault.act) for fault in kinds(every)}
    assert found >= {(role, Act.KILLED) for role in (*every, "broker", "PostgreSQL")}
    assert found >= {
        ("broker", Act.EMPTIED),
        ("PostgreSQL", Act.RESTARTED),
        ("disk", Act.FULL),
        ("host B", Act.CUT_OFF),
    }
    for role in ("web", "worker-interactive"):
        assert found >= {(role, act) for act in (Act.TERMINATED, Act.QUIT, Act.STOPPED, Act.AHEAD, Act.BEHIND)}


@pytest.mark.skipif(shutil.which("unshare") is None, reason="only Linux mounts a disk for one process")
def test_a_full_disk_takes_nothing_more_until_it_is_over(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    disk = tmp_path / "disk"
    disk.mkdir()
    script.write_text(FULL.format(disk=disk))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    mounted = f"mount -t tmpfs -o size=4m test {disk} && exec {sys.executable} {script}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mounted], cwd=ROOT, env=env, capture_output=True, text=True
    )
    if "not permitted" in done.stderr:
        pytest.skip("only root mounts")
    assert done.stdout.split() == [str(errno.ENOSPC), "100000"], done.stderr


def test_what_was_acknowledged_is_stored_and_scored(alice: Visit, open_study: Study) -> None:
    said = {phrase.client_uuid for phrase in submit_and_score(alice, "red", "blue")}
    found = compare(open_study, said, said)
    assert (found.acknowledged, found.stored, found.scored, found.unacknowledged) == (2, 2, 2, 0)
    assert found.wrong == ()


def test_a_phrase_whose_answer_got_lost_is_no_fault(alice: Visit, open_study: Study) -> None:
    said = {phrase.client_uuid for phrase in submit_and_score(alice, "red")}
    found = compare(open_study, said, set())
    assert (found.unacknowledged, found.wrong) == (1, ())


def test_what_was_acknowledged_and_is_not_stored_is_named(open_study: Study) -> None:
    lost = uuid.uuid4()
    assert compare(open_study, {lost}, {lost}).wrong == (f"1 acknowledged and not stored: {lost}",)


@pytest.mark.usefixtures("own_actors")
def test_what_waits_for_ever_is_named(alice: Visit, open_study: Study) -> None:
    waiting = submit(alice).client_uuid
    assert compare(open_study, {waiting}, {waiting}).wrong == (f"1 stored and not scored: {waiting}",)


def test_what_nobody_sent_is_named(alice: Visit, open_study: Study) -> None:
    (phrase,) = submit_and_score(alice, "red")
    assert compare(open_study, set(), set()).wrong == (f"1 stored and sent by nobody: {phrase.client_uuid}",)


def test_a_row_too_many_is_named_by_all_who_can_tell(alice: Visit, bob: Visit, open_study: Study) -> None:
    hers, his = *submit_and_score(alice, "red"), *submit_and_score(bob, "blue")
    Phrase.objects.filter(pk=his.pk).update(client_uuid=hers.client_uuid)
    wrong = compare(open_study, {hers.client_uuid}, {hers.client_uuid}).wrong
    assert wrong[0] == f"1 stored twice: {hers.client_uuid}"
    assert "differences between log and tables" in wrong[1]


def test_a_second_score_in_the_log_is_named(alice: Visit, open_study: Study) -> None:
    (phrase,) = submit_and_score(alice, "red")
    again = Event.objects.get(kind="phrase_scored")
    again.pk = None
    again.save()
    wrong = compare(open_study, {phrase.client_uuid}, {phrase.client_uuid}).wrong
    assert wrong == (f"1 scored twice: {alice.assignment.public_id}, 1",)


@pytest.mark.parametrize("content", [None, b"another head"], ids=["missing", "damaged"])
def test_a_head_that_is_missing_or_damaged_is_named(
    content: bytes | None, alice: Visit, open_study: Study, own_store: FolderStore
) -> None:
    said = {phrase.client_uuid for phrase in submit_and_score(alice, "red")}
    BaseModel.objects.update(head=b"a head")
    assert compare(open_study, said, said).wrong == ()
    assert compare(open_study, said, said).files == 2  # its predictions too
    (file,) = (each for each in own_store.root.glob("??/*") if each.read_bytes() == b"a head")
    file.unlink() if content is None else file.write_bytes(content)
    (wrong,) = compare(open_study, said, said).wrong
    assert wrong == f"1 named by a row and missing or damaged in the data store: {file.name}"


NOTHING_WRONG = Comparison(2, 2, 2, 0, 0, 0, ())


def _outcome(*struck: Struck) -> Outcome:
    receipts = Receipts()
    for status, seconds in ((200, 0.1), (200, 0.3), (503, 0.2), (NO_ANSWER, 5.0)):
        receipts.note(uuid.uuid4(), Post(status, 0.0, seconds))
    return Outcome(receipts, list(struck))


def test_the_report_gives_median_and_worst_of_each_kind_what_was_left_out_and_the_control() -> None:
    fault = Fault("web", Act.KILLED)
    outcome = _outcome(*(Struck(fault, seconds) for seconds in (1.0, 2.0, 6.0)))
    text = chaos_report.as_markdown(outcome, {"machine": "mine"}, {"disk": "it is not ours"}, [Round(None, outcome)])
    assert "| web killed | 3 | 0.0 | 2.0 | 6.0 |" in text
    assert "| no answer | 1 |" in text
    assert "| 503 | 1 |" in text
    assert "- machine: mine" in text
    assert "Left out: disk, because it is not ours." in text
    assert "| the site as it is | 2 | nothing could be compared | no |" in text


def test_a_fault_after_which_nothing_was_scored_is_wrong() -> None:
    outcome = _outcome(Struck(Fault("broker", Act.EMPTIED), None))
    assert "no new score 120 s after: broker emptied" in outcome.wrong
    assert "| broker emptied | 1 | 0.0 | never | never |" in chaos_report.as_markdown(outcome, {}, {}, [])


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_that_the_check_does_not_name_fails_the_command(mutation: Mutation) -> None:
    assert Round(mutation, _outcome()).wrong == f"the check did not notice that the site {mutation.what}"
    noticed = replace(NOTHING_WRONG, wrong=(f"3 {mutation.finding}: a, b, c",))
    assert Round(mutation, replace(_outcome(), comparison=noticed)).wrong == ""


def test_a_site_that_fails_the_short_round_as_it_is_fails_the_command() -> None:
    assert Round(None, replace(_outcome(), comparison=NOTHING_WRONG)).wrong == ""
    assert "nothing could be compared" in Round(None, _outcome()).wrong


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_process_loads_a_mutation_where_the_variable_names_it_alone(mutation: Mutation) -> None:
    modules = sorted({change.module for change in mutation.changes})
    code = (
        "import django, importlib, sys\nfrom pathlib import Path\ndjango.setup()\n"
        "print(*(type(importlib.import_module(name).__loader__).__name__ for name in sys.argv[1:]))"
    )
    env = {**os.environ, "PYTHONPATH": f"{STARTUP}{os.pathsep}{ROOT}"}
    loaders = [
        subprocess.check_output([sys.executable, "-c", code, *modules], env=env | own, text=True).split()
        for own in ({}, {VARIABLE: mutation.name})
    ]
    assert loaders == [["SourceFileLoader"] * len(modules), ["_Mutated"] * len(modules)]


def test_what_was_never_compared_is_no_success() -> None:
    assert _outcome().wrong == ["nothing could be compared"]


@pytest.mark.services
@pytest.mark.skipif(local_services.database is None, reason="the database is not the tests' own to restart")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_in_ten_faults(
    open_study: Study, subprocess_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_module, "roles", few_roles)
    assert local_services.database is not None
    # The tests' server acknowledges a commit before it is written, so a killed postmaster would lose some.
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} SET synchronous_commit TO on")
    port = free_port()
    with ExitStack() as running:
        broker = running.enter_context(valkey_server(tmp_path / "valkey", tmp_path / "valkey.log", durable=False))
        site = Site(port, {**subprocess_environment, "REDIS_URL": broker.url}, tmp_path, tmp_path)
        running.callback(site.stop)
        trouble = make_trouble(
            Trouble(site, local_services.database, broker, port),
            database_url=subprocess_environment["DATABASE_URL"],
            folder=tmp_path,
            has_small_disk=False,
            running=running,
        )
        site.start()
        site.wait_until_ready()
        quiet = Stages(Console(quiet=True))
        course = Course(trouble, open_study, f"http://127.0.0.1:{port}", quiet, seed=1, pause_s=0.4)
        outcome = course.strike(TEN, n_people=3)
    assert outcome.wrong == []
    assert [each.fault for each in outcome.struck] == TEN
    assert outcome.receipts.acknowledged.keys() == set(Phrase.objects.values_list("client_uuid", flat=True))
    assert Phrase.objects.filter(state=PhraseState.SCORED).count() == Score.objects.count() >= len(TEN)


def test_each_of_the_failures_names_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "operators" / "reliability.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+)\. .*? \| (.*) \|$", page, re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 23))
    named = [(number, re.findall(r"`(tests/[\w/.]+)`", tests)) for number, tests in rows]
    assert [number for number, tests in named if not tests] == []
    assert [test for _, tests in named for test in tests if not (ROOT / test).is_file()] == []
