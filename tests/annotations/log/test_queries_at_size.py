"""What the log, an erasure and the end of a retention period ask the database does not grow with the rows."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import IdentityKey, Study
from annotations.studies import lifecycle
from annotations.visits import erasure, retention
from annotations.visits.withdrawal import withdraw
from tests.benchmarks.many_visits import copy, log, plant
from tests.support.actors import Visit, start_visit
from tests.support.steps import end, submit, submit_and_score
from tests.support.whole import spend
from worker.phrases.scoring import score_due_phrases
from worker.runs.run_training import train_due_runs


def statements(act: Callable[[], object]) -> list[str]:
    """The SQL of all that `act` asks of the database."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured.captured_queries]


def of_the_log(asked: list[str]) -> list[str]:
    return [sql for sql in asked if "annotations_event" in sql or "annotations_identitykey" in sql]


def test_a_submitted_phrase_takes_a_look_at_the_key_and_one_statement(alice: Visit) -> None:
    assert len(of_the_log(statements(lambda: submit(alice, "red")))) == 2


@pytest.mark.parametrize("n", [1, 12])
def test_so_do_all_the_scores_of_a_batch(alice: Visit, n: int) -> None:
    for i in range(n):
        submit(alice, f"red {i}")
    assert len(of_the_log(statements(score_due_phrases))) == 2


@pytest.mark.parametrize("n", [1, 20])
def test_and_all_the_runs_that_are_planned(alice: Visit, n: int) -> None:
    submit_and_score(alice, *(f"red {'very ' * i}" for i in range(n)))
    ended = statements(lambda: end(alice))
    assert (
        len(of_the_log(ended)) == 4
    )  # a look and a statement for the assignment, whose note is personal, and for the runs


def test_an_erasure_takes_as_many_statements_whatever_was_done(draft_study: Study) -> None:
    study = plant(draft_study, 1, 30)
    much, little = study.sessions.get(), start_visit(study, "bob")
    submit_and_score(little, "red", "large")
    spend(little)
    end(little)
    train_due_runs()
    asked = []
    for visit in (little.session, much):
        withdraw(visit)
        asked.append(len(statements(lambda visit=visit: erasure.erase_content(visit.participant))))  # type: ignore[misc]
    assert asked[0] == asked[1]


def test_the_end_of_a_retention_period_takes_as_many_statements_for_many_people(draft_study: Study) -> None:
    Study.objects.filter(pk=draft_study.pk).update(retention_days=1)
    draft_study.refresh_from_db()
    study = plant(draft_study, 1, 2)
    copy(1, 60)
    log(study)
    lifecycle.close_study(study)
    assert IdentityKey.objects.count() == 61
    asked = statements(lambda: retention.apply_due(timezone.now() + dt.timedelta(days=2)))
    assert not IdentityKey.objects.exists()
    assert len(asked) < 12
