"""The releases of a study over the API, and their files."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from annotations.models import AuditRecord, Study
from annotations.releases import release_requests
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run
from tests.worker.releases.conftest import draw_nothing
from worker.releases.release_building import build_due_releases


@pytest.mark.django_db(transaction=True)
def test_a_release_can_be_downloaded_until_somebody_in_it_withdraws(
    open_study: Study, coordinator_client: Client, alice: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_nothing(monkeypatch)
    add_run(add_phrase(alice, "red", 0.5), 0.75)
    release_requests.request(open_study, by="ada")
    address = "/api/v1/studies/sprites/releases/"
    assert coordinator_client.get(f"{address}1/file/").json()["error"]["code"] == "release_not_ready"
    build_due_releases()
    (listed,) = coordinator_client.get(address).json()["results"]
    response = coordinator_client.get(f"{address}1/file/")
    path = Path(settings.DATA_ROOT) / open_study.releases.get().file
    assert b"".join(response) == path.read_bytes()
    assert 'filename="clarify-sprites-release-1.zip"' in response["Content-Disposition"]
    assert (listed["state"], listed["superseded_at"], len(listed["digest"])) == ("done", None, 64)
    assert AuditRecord.objects.get(act="release_downloaded").actor == "coordinator"
    withdraw(alice.session)
    gone = coordinator_client.get(f"{address}1/file/")
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "release_superseded")
    path.unlink()
