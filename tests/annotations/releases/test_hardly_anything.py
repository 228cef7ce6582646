"""Studies with hardly anything in them: true pages and files all the same, and a log that agrees."""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils import timezone

from annotations.log.replay import differences, replay
from annotations.models import Run, RunState, Study
from annotations.payments.discrepancies import REVIEW_WITHIN
from annotations.phrases import scoring
from annotations.releases.study_export import study_document
from annotations.releases.tables.table_rows import Source, sources
from annotations.results.stored_rows import read_people
from annotations.runs import retraining as runs
from annotations.visits import erasure, sessions
from annotations.visits.withdrawal import withdraw
from tests.support.actors import start_visit
from tests.support.logged import stored
from tests.support.steps import end, submit, submit_and_score
from worker.releases.release_building import EXTRAS
from worker.runs.run_training import train_due_runs


def nobody(study: Study) -> None:
    pass


def one_who_only_came(study: Study) -> None:
    sessions.enter(study, participant_id="ann", study_id="outside", session_id="visit")


def one_without_a_phrase(study: Study) -> None:
    start_visit(study, "ann")


def one_whose_phrase_waits(study: Study) -> None:
    submit(start_visit(study, "ann"), "red")


def one_whose_phrase_failed(study: Study) -> None:
    scoring.fail_phrase(submit(start_visit(study, "ann"), "red").pk, "RuntimeError", final=True)


def one_whose_phrase_explains_nothing(study: Study) -> None:
    ann = start_visit(study, "ann")
    submit_and_score(ann, "blue")
    end(ann)


def one_participant(study: Study) -> None:
    ann = start_visit(study, "ann")
    submit_and_score(ann, "red")
    end(ann)
    train_due_runs()


def one_whose_runs_failed(study: Study) -> None:
    ann = start_visit(study, "ann")
    submit_and_score(ann, "red", "dark")
    end(ann)
    for run in Run.objects.filter(state=RunState.PENDING):
        runs.fail_run(run.pk, "out of memory", final=True)


def one_who_withdrew(study: Study) -> None:
    one_participant(study)
    withdraw(study.sessions.get())


def one_who_was_erased(study: Study) -> None:
    one_who_withdrew(study)
    erasure.erase_due(timezone.now())


def one_who_was_forgotten(study: Study) -> None:
    one_who_was_erased(study)
    erasure.erase_due(timezone.now() + REVIEW_WITHIN + dt.timedelta(days=1))


KINDS = (
    nobody,
    one_who_only_came,
    one_without_a_phrase,
    one_whose_phrase_waits,
    one_whose_phrase_failed,
    one_whose_phrase_explains_nothing,
    one_participant,
    one_whose_runs_failed,
    one_who_withdrew,
    one_who_was_erased,
    one_who_was_forgotten,
)
GONE = {one_who_withdrew, one_who_was_erased, one_who_was_forgotten}


def tables(study: Study) -> Iterator[Source]:
    yield from sources(study, read_people(study))
    yield from EXTRAS.analyse(study).tables


@pytest.mark.parametrize("happens", KINDS, ids=lambda each: each.__name__)
def test_pages_files_and_log_are_true(
    open_study: Study, coordinator_client: Client, happens: Callable[[Study], None]
) -> None:
    happens(open_study)
    for name in ("results", "concepts", "correction", "monitor"):
        answer = coordinator_client.get(f"/admin/annotations/study/{open_study.pk}/{name}/")
        assert answer.status_code == 200
        assert not re.findall(r">\s*-?(?:nan|inf)\b", answer.content.decode(), re.IGNORECASE), name
    read = [(each.table, list(each)) for each in tables(open_study)]
    cells = [cell for table, rows in read for row in rows for cell in table.cells(row)]
    assert not [cell for cell in cells if isinstance(cell, float) and not math.isfinite(cell)]
    written = {table.name: list(table.lines(rows))[1:] for table, rows in read}
    assert len(written["participants"]) == (0 if happens is nobody else 1)
    if happens in GONE:
        assert not any(written[name] for name in ("phrases", "runs", "assignments", "spans", "summary"))
    assert study_document(open_study)["state"] == "active"
    assert differences(replay(open_study), stored(open_study)) == []
