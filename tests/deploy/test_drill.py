"""The drill: what it does to a site, what it finds, and a short one on a real site."""

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from annotations.models import Event, Phrase, PhraseState, Score, Study
from deploy.local import drill_report, drilling
from deploy.local import site as site_module
from deploy.local.comparison import compare
from deploy.local.drilling import Drill, Drilled, Struck
from deploy.local.faults import Act, Fault, Trouble, kinds, plan
from deploy.local.people import NO_ANSWER, Post, Receipts
from deploy.local.services import free_port, valkey_server
from deploy.local.site import Site, roles
from deploy.local.stages import Stages
from tests import local_services
from tests.actors import Visit
from tests.steps import submit, submit_and_score

SHORT = ("proxy", "web", "worker-interactive", "beat")
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_a_plan_has_each_kind_as_often_as_any_other_and_is_its_seeds() -> None:
    every = {fault.kind for fault in kinds(SHORT)}
    faults = plan(3 * len(every), SHORT, random.Random(7))
    assert {fault.kind for fault in faults} == every
    assert all(sum(fault.kind == kind for fault in faults) == 3 for kind in every)
    assert faults == plan(3 * len(every), SHORT, random.Random(7)) != plan(3 * len(every), SHORT, random.Random(8))


def test_every_role_is_killed_and_every_server_has_its_trouble() -> None:
    every = list(roles(Path(), Path()))
    found = {(fault.target, fault.act) for fault in kinds(every)}
    assert found >= {(role, Act.KILLED) for role in every}
    assert found >= {("broker", Act.KILLED), ("broker", Act.EMPTIED), ("PostgreSQL", Act.RESTARTED)}
    assert found >= {(role, act) for role in ("web", "worker-interactive") for act in (Act.TERMINATED, Act.QUIT)}


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


def _few_roles(socket: Path, scratch: Path) -> dict[str, Sequence[str]]:
    """Those that people need, one worker for all: each takes seconds to load torch."""
    every = roles(socket, scratch)
    few = {name: every[name] for name in SHORT}
    worker = few["worker-interactive"]
    both = {
        "interactive": "interactive,retrain",
        "worker.tasks.interactive": "worker.tasks.interactive,worker.tasks.retrain",
    }
    few["worker-interactive"] = [both.get(word, word) for word in worker]
    return few


def _drilled(*struck: Struck) -> Drilled:
    receipts = Receipts()
    for status, seconds in ((200, 0.1), (200, 0.3), (503, 0.2), (NO_ANSWER, 5.0)):
        receipts.note(uuid.uuid4(), Post(status, 0.0, seconds))
    return Drilled(receipts, list(struck))


def test_the_report_gives_median_and_worst_of_each_kind() -> None:
    fault = Fault("web", Act.KILLED)
    drilled = _drilled(*(Struck(fault, NOW, 0.1, seconds) for seconds in (1.0, 2.0, 6.0)))
    text = drill_report.as_markdown(drilled, {"machine": "mine"}, drilled.receipts.posts)
    assert "| web killed | 3 | 0.1 | 2.0 | 6.0 |" in text
    assert "| no answer | 1 |" in text
    assert "| 503 | 1 |" in text
    assert "- machine: mine" in text


def test_a_fault_after_which_nothing_was_scored_fails_the_drill() -> None:
    drilled = _drilled(Struck(Fault("broker", Act.EMPTIED), NOW, 0.0, None))
    assert "no new score 120 s after: broker emptied" in drilled.wrong
    text = drill_report.as_markdown(drilled, {}, drilled.receipts.posts)
    assert "| broker emptied | 1 | 0.0 | never | never |" in text


def test_what_was_never_compared_is_no_success() -> None:
    assert _drilled().wrong == ["nothing could be compared"]


@pytest.mark.skipif(local_services.database is None, reason="the database is not the tests' own to restart")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_web_broker_and_database_go_and_come(
    open_study: Study, subprocess_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_module, "roles", _few_roles)
    monkeypatch.setattr(drilling, "PAUSE_S", 0.4)
    assert local_services.database is not None
    port, faults = (
        free_port(),
        [
            Fault("broker", Act.EMPTIED),
            Fault("broker", Act.KILLED, away_s=1.0),
            Fault("PostgreSQL", Act.RESTARTED),
            Fault("web", Act.KILLED),
            Fault("proxy", Act.KILLED),
        ],
    )
    with valkey_server(tmp_path / "valkey", tmp_path / "valkey.log", durable=False) as broker:
        site = Site(port, {**subprocess_environment, "REDIS_URL": broker.url}, tmp_path, tmp_path)
        site.start()
        try:
            site.wait_until_ready()
            trouble = Trouble(site, local_services.database, broker)
            quiet = Stages(Console(quiet=True))
            drilled = Drill(trouble, open_study, f"http://127.0.0.1:{port}", quiet, seed=1).strike(faults, n_people=3)
        finally:
            site.stop()
    assert drilled.wrong == []
    assert [each.fault for each in drilled.struck] == faults
    assert drilled.receipts.acknowledged == set(Phrase.objects.values_list("client_uuid", flat=True))
    assert Phrase.objects.filter(state=PhraseState.SCORED).count() == Score.objects.count() >= len(faults)
