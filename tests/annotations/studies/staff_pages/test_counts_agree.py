"""Overview, Live, Reconciliation, lists and the next step say the same of a study's people, in each of its states."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from annotations.models import AnnotationSession, EndReason, Study, StudyState
from annotations.monitoring.study_people import GONE_AFTER
from annotations.phrases import assignments
from annotations.studies import lifecycle
from annotations.visits import check_answers as comprehension
from annotations.visits import preview_links, sessions, withdrawal
from tests.support import actors
from tests.support.actors import WRONG_TRIES, do_tutorial, start_visit
from tests.support.analysis_studies import analyse
from tests.support.rows import add_phrase
from tests.support.undone import undone
from tests.support.views_pages import shown, tree

pytestmark = pytest.mark.django_db


def enters(study: Study, name: str) -> AnnotationSession:
    return sessions.enter(study, participant_id=f"{name}-p", study_id="outside", session_id=f"{name}-s")


def consents(study: Study, name: str) -> AnnotationSession:
    return sessions.give_consent(enters(study, name))


def works(study: Study, name: str) -> AnnotationSession:
    visit = start_visit(study, name)
    add_phrase(visit, "red", 0.5)
    return visit.session


def ends(study: Study, name: str, *, phrase: bool = True) -> AnnotationSession:
    visit = start_visit(study, name)
    if phrase:
        add_phrase(visit, "red", 0.5)
    assignments.end(visit.assignment, EndReason.DONE if phrase else EndReason.STUDY_CLOSED)
    return visit.session


def finishes(
    study: Study, name: str, status: str = "APPROVED", *, phrase: bool = True, code: str = ""
) -> AnnotationSession:
    session = sessions.finish(ends(study, name, phrase=phrase))
    there = {"status": status, "entered_code": code, "completed_at": timezone.now() if status else None}
    study.submissions.filter(session=session).update(**there)
    return session


def fails(study: Study, name: str) -> None:
    session = do_tutorial(consents(study, name))
    for answers in WRONG_TRIES:
        comprehension.answer(session, client_uuid=uuid.uuid4(), answers=answers)


def comes_twice(study: Study, name: str) -> None:
    """By a second link, as who restarts does, after the first visit was left at the tutorial."""
    consents(study, name)
    sessions.enter(study, participant_id=f"{name}-p", study_id="outside", session_id=f"{name}-again")


def previews(study: Study, name: str) -> None:
    token = preview_links.simulated_parameters(study, 0, seed=name)[preview_links.PARAMETER]
    sessions.give_consent(preview_links.enter(study, token))


REVIEW = "AWAITING REVIEW"
ACTS: dict[str, Callable[[Study, str], Any]] = {
    "consent": enters,
    "tutorial": consents,
    "check": lambda study, name: do_tutorial(consents(study, name)),
    "task": lambda study, name: start_visit(study, name),
    "phrase": works,
    "last page": ends,
    "finished": finishes,
    "finished without a phrase": lambda study, name: finishes(study, name, phrase=False),
    "declined": lambda study, name: sessions.decline(enters(study, name)),
    "not passed": fails,
    "withdrew at work": lambda study, name: withdrawal.withdraw(works(study, name)),
    "withdrew afterwards": lambda study, name: withdrawal.withdraw(finishes(study, name)),
    "to approve": lambda study, name: finishes(study, name, REVIEW, code=study.completion_code),
    "another code": lambda study, name: finishes(study, name, REVIEW, code="C0DE0000"),
    "twice": comes_twice,
    "rehearsal": previews,
}
STATES: dict[str, Callable[[Study], Any]] = {
    "active": lambda study: None,
    "paused": lifecycle.pause_study,
    "closed": lifecycle.close_study,
}
SILENCES = (dt.timedelta(0), 2 * GONE_AFTER)


@pytest.fixture
def study(vouched_for: None, draft_study: Study) -> Study:
    """Analysed when nobody was there: what stands on that is old, and says so; counts of people are not."""
    return analyse(actors.open_study(draft_study))


def test_with_people_at_every_stage_all_pages_agree_in_each_state(coordinator_client: Client, study: Study) -> None:
    for act, does in ACTS.items():
        does(study, act.replace(" ", "-"))
    for change in STATES.values():
        with undone():
            change(study)
            for silence in SILENCES:
                with time_machine.travel(timezone.now() + silence):
                    assert_agree(coordinator_client, Study.objects.get(pk=study.pk))
        study.refresh_from_db()


@pytest.mark.parametrize("state", ["active", "closed"])
def test_with_people_at_any_one_stage_all_pages_agree(coordinator_client: Client, study: Study, state: str) -> None:
    for act in ACTS:
        with undone():
            ACTS[act](study, "somebody")
            STATES[state](study)
            assert_agree(coordinator_client, Study.objects.get(pk=study.pk))
        study.refresh_from_db()


@pytest.mark.parametrize("state", STATES)
def test_with_nobody_all_pages_agree(coordinator_client: Client, study: Study, state: str) -> None:
    STATES[state](study)
    assert_agree(coordinator_client, Study.objects.get(pk=study.pk))


def assert_agree(client: Client, study: Study) -> None:
    overview, live, reconciliation, payments = (
        read(client, study, name) for name in ("change", "monitor", "reconciliation", "payments")
    )
    listed_entered, listed_finished = listed(client)
    rows = live.select("#monitor table")[0].select("tbody tr")
    steps = [[number(cell) for cell in row.select("td")] for row in rows]
    where = {words: n for n, words in re.findall(r"([\d,]+) ([a-z ]+)", text_of(overview, ".now"))}
    where = {words.strip(): int(n) for words, n in where.items()}
    entered, inside, left = steps[0][0], sum(row[1] + row[2] for row in steps), sum(row[3] for row in steps)
    silent = "stopped as the study closed" if study.state == StudyState.CLOSED else "silent for half an hour"

    # Who came.
    funnel = [number(row.select_one("td.number")) for row in overview.select(".funnel tr")]
    assert entered == (funnel[0] if funnel else 0) == sum(where.values()) == listed_entered
    assert all(before[0] >= after[0] for before, after in pairwise(steps))

    # Who is inside, and who left.
    assert (where.get("inside now", 0), where.get(silent, 0)) == (inside, left)
    assert inside == 0 or study.state != StudyState.CLOSED
    said = text_of(overview, ".next .what") or ""
    if found := re.search(r"(\d+) (?:person is|people are) inside now", said):
        assert int(found[1]) == inside
    if "Nobody is inside" in said:
        assert inside == 0
    if study.state != StudyState.CLOSED:
        closing = text_of(read(client, study, "step", "close"), ".confirm")
        verb = "person is" if inside == 1 else "people are"
        assert (f"{inside} {verb} inside now." if inside else "Nobody is inside now.") in closing

    # Who finished.
    finished = int(text_of(live, "strong.large"))
    assert finished == steps[-1][0] == where.get("finished", 0) == listed_finished

    # Who waits for a review.
    approvable = int(text_of(reconciliation, ".panels .panel p strong"))
    waiting = next(number(row.select_one("td")) for row in overview.select(".sums tr") if "Waiting" in shown(row))
    step = text_of(payments, ".next")
    assert sum(map(int, re.findall(r"(\d+) (?:person has|people have) finished and wait", step))) == approvable
    assert waiting == approvable + sum(map(int, re.findall(r"(\d+) (?:more|submissions?) awaits?", step)))

    # What is said of a closed study.
    for page in (overview, live, reconciliation, payments):
        if study.state == StudyState.CLOSED:
            assert not re.search("lets people in|in the tutorial|at work|inside now|Nobody is inside", shown(page))
    assert re.search("As of|are being computed", shown(overview))  # the findings


def text_of(page: BeautifulSoup, selector: str) -> str:
    found = page.select_one(selector)
    return shown(found) if found else ""


def number(cell: Any) -> int:
    return int(shown(cell).replace(",", ""))


def read(client: Client, study: Study, name: str, *more: str) -> BeautifulSoup:
    path = f"/admin/annotations/study/{study.pk}/{'/'.join([name, *more])}/"
    answer = client.get(path)
    assert answer.status_code == 200, path
    return tree(answer)


def listed(client: Client) -> tuple[int, int]:
    page = client.get("/admin/annotations/study/")
    (study,) = page.context["cl"].result_list
    return study.n_sessions, study.n_finished
