"""A preview and a simulated visit that were gone through to the end change no number that anybody is shown."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotations.allocation.cells import cell_counts
from annotations.models import AnnotationSession, Participant, Phrase, Study
from annotations.phrases import assignments
from annotations.releases.study_export import write_study_zip
from annotations.results.stored_rows import read_people
from annotations.site.study_overview import overview
from annotations.visits import preview_links, sessions
from tests.support import actors
from tests.support.steps import end, submit_and_score

TABLES = ("participants", "sessions", "assignments", "phrases", "runs")


def rehearse(token: str, study: Study) -> AnnotationSession:
    """The link's visit, from consent to its end, with a scored phrase and its run."""
    session = preview_links.enter(study, token)
    sessions.give_consent(session)
    actors.pass_check(actors.do_tutorial(session))
    assignment = assignments.start(session.assignments.get())
    visit = actors.Visit(session, assignment, actors.client_of(session), {})
    submit_and_score(visit, "crimson in a rehearsal")
    end(visit)
    return sessions.finish(session)


@pytest.fixture
def people(alice: actors.Visit) -> Study:
    submit_and_score(alice, "red")
    end(alice)
    return alice.session.study


def rehearse_twice(study: Study, user: User) -> None:
    rehearse(preview_links.preview_url(study, user).partition("=")[2], study)
    rehearse(preview_links.simulated_parameters(study, 0, seed=1)[preview_links.PARAMETER], study)


def exported(study: Study, folder: Path) -> dict[str, bytes]:
    path = folder / "export.zip"
    with path.open("wb") as file:
        write_study_zip(study, file)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def plain(value: Any) -> Any:
    """The overview's numbers; rows of the database as their keys.

    Addresses are left out, and how far the statistics are, which whoever looks asks for.
    """
    left_out = {"study", "steps", "entry_url", "test_url", "preview_urls", "latest"}
    at_no_time = {"now": replace(value["now"], at=None), "recent": list(value["recent"])}
    return {name: shown for name, shown in {**value, **at_no_time}.items() if name not in left_out}


def test_their_scores_are_there(people: Study, coordinator: User) -> None:
    rehearse_twice(people, coordinator)
    assert (
        Phrase.objects.filter(text="crimson in a rehearsal", score__isnull=False, score__run__isnull=False).count() == 2
    )


def test_the_overview_and_the_summary_stay_as_they_were(people: Study, coordinator: User) -> None:
    before = plain(overview(people, "user:1")), read_people(people), cell_counts(people)
    rehearse_twice(people, coordinator)
    assert (plain(overview(people, "user:1")), read_people(people), cell_counts(people)) == before


def test_the_list_of_studies_stays_as_it_was(people: Study, coordinator: User, coordinator_client: Client) -> None:
    def row() -> str:
        page = coordinator_client.get("/admin/annotations/study/").content.decode()
        return page.partition("<tbody>")[2].partition("</tbody>")[0]

    before = row()
    rehearse_twice(people, coordinator)
    assert row() == before


@pytest.mark.django_db(transaction=True)  # an export has a snapshot of its own
def test_the_export_has_nothing_of_them(people: Study, coordinator: User, tmp_path: Path) -> None:
    rehearse_twice(people, coordinator)
    files = exported(people, tmp_path)
    gone = AnnotationSession.objects.exclude(kind="participant")
    names = [name for row in gone for name in (row.submission_key, row.participant.pseudonym, str(row.public_id))]
    assert len(names) == 6
    files.pop("exclusions.csv", None)  # names what was left out
    for file, content in files.items():
        assert not [name for name in [*names, "crimson"] if name.encode() in content], file


@pytest.mark.parametrize("name", TABLES)
def test_the_api_shows_them_only_where_it_is_asked_to(
    people: Study, coordinator: User, coordinator_client: Client, name: str
) -> None:
    table = f"/api/v1/studies/{people.slug}/tables/{name}/"
    before = coordinator_client.get(table).json()["count"]
    rehearse_twice(people, coordinator)
    assert coordinator_client.get(table).json()["count"] == before == 1
    assert coordinator_client.get(f"{table}?include=rehearsals").json()["count"] == 3
    assert coordinator_client.get(f"{table}?include=everything").status_code == 400


@pytest.mark.parametrize("name", ["studies", "tasks", "datasets"])
def test_what_is_nobodys_visit_has_no_such_parameter(coordinator_client: Client, people: Study, name: str) -> None:
    assert coordinator_client.get(f"/api/v1/{name}/?include=rehearsals").status_code == 400


def test_people_of_rehearsals_are_nobody(people: Study, coordinator: User) -> None:
    rehearse_twice(people, coordinator)
    assert (Participant.objects.count(), Participant.objects.counted().count()) == (3, 1)
