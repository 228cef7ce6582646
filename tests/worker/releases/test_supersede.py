"""A withdrawal supersedes the releases that hold the person, and no other."""

from pathlib import Path

import pytest
from django.conf import settings

from annotations.models import (
    Study,
)
from annotations.releases import release_requests
from annotations.visits.withdrawal import withdraw
from clarify_errors.arrays.common.digests import file_sha256
from tests.support.actors import Visit, start_visit
from tests.worker.releases.released import build, opened, without_figures
from worker.releases import release_building as worker_releases

pytestmark = pytest.mark.django_db(transaction=True)


@without_figures
def test_a_withdrawal_supersedes_the_releases_that_hold_the_person(worked: Study, alice: Visit) -> None:
    before = build(worked)
    withdraw(alice.session)
    before.refresh_from_db()
    assert before.superseded_at is not None
    assert "withdrew" in before.superseded_reason
    with pytest.raises(release_requests.ReleaseSuperseded):
        release_requests.open_file(before)
    after = build(worked)
    assert release_requests.open_file(after).is_file()
    assert alice.participant.pseudonym.encode() not in opened(after).read("phrases.csv")
    assert (Path(settings.DATA_ROOT) / before.file).is_file()  # for audits


@without_figures
def test_a_withdrawal_of_somebody_who_came_later_supersedes_nothing(worked: Study) -> None:
    before = build(worked)
    withdraw(start_visit(worked, "late").session)
    before.refresh_from_db()
    assert before.superseded_at is None


@without_figures
def test_a_withdrawal_during_the_building_supersedes_what_is_built(
    worked: Study, alice: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def withdraw_meanwhile(path: Path) -> str:
        withdraw(alice.session)
        return file_sha256(path)

    monkeypatch.setattr(worker_releases, "file_sha256", withdraw_meanwhile)
    assert build(worked).superseded_at is not None
