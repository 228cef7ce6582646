"""The releases page: asking, waiting, downloading, and what it says of a superseded one."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from annotations.models import AuditRecord, JobState, Release, Study
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import tree
from tests.worker.releases.conftest import draw_nothing
from worker.releases.release_building import build_due_releases

pytestmark = pytest.mark.django_db(transaction=True)


def address(study: Study, name: str = "releases") -> str:
    return f"/admin/annotations/study/{study.pk}/{name}/"


def test_a_release_is_asked_for_built_and_downloaded(
    open_study: Study, alice: Visit, coordinator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_nothing(monkeypatch)
    add_run(add_phrase(alice, "red", 0.5), 0.75)
    page = coordinator_client.post(address(open_study), follow=True).content.decode()
    assert (
        "Release 1 is being made" in page
        and "Waits for a worker" in page
        and 'data-live="3" data-then="reload"' in page
    )
    build_due_releases()
    page = coordinator_client.get(address(open_study)).content.decode()
    release = open_study.releases.get()
    assert release.digest in page and "data-live" not in page
    response = coordinator_client.get(address(open_study, "release_file"), {"number": 1})
    path = Path(settings.DATA_ROOT) / release.file
    assert b"".join(response) == path.read_bytes()
    acts = AuditRecord.objects.order_by("pk").values_list("act", flat=True)
    assert {"release_requested", "release_downloaded"} <= set(acts)
    withdraw(alice.session)
    page = coordinator_client.get(address(open_study)).content.decode()
    assert "superseded" in page and "somebody in it withdrew" in page and "Download" not in page
    refused = coordinator_client.get(address(open_study, "release_file"), {"number": 1}, follow=True)
    assert "can no longer be downloaded" in refused.content.decode()
    path.unlink()


def test_the_page_says_what_an_export_is_beside_a_release(open_study: Study, coordinator_client: Client) -> None:
    page = tree(coordinator_client.get(address(open_study, "releases")))
    export, release = address(open_study, "export"), address(open_study, "releases")
    assert export in {link["href"] for link in page.select(".panel a")}
    words = {link["href"]: link.text for link in page.select(".more a")}
    assert (words[export], words[release]) == ("Export, to look at", "Release, to keep and cite")


def test_a_failed_release_says_why(open_study: Study, coordinator_client: Client) -> None:
    release = Release.objects.create(study=open_study, number=1, requested_by="ada")
    Release.objects.update(state=JobState.FAILED, error="The disk is full.", finished_at=release.created_at)
    assert "The disk is full." in coordinator_client.get(address(open_study)).content.decode()


@pytest.mark.parametrize("number", ["", "7", "x", "²", "9" * 40])
def test_a_release_that_is_not_there_is_said_on_the_page(
    open_study: Study, coordinator_client: Client, number: str
) -> None:
    page = coordinator_client.get(address(open_study, "release_file"), {"number": number}, follow=True)
    assert "This study has no release with this number." in page.content.decode()
