"""No page, file or address tells an analyst a code, or a coordinator who works in other studies."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from annotations.models import DatasetImport, Study, Submission
from tests.access.answers import ANALYST, COORDINATOR, COORDINATOR_ELSEWHERE, OPERATOR
from tests.access.matrix import MATRIX
from tests.access.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_snapshot")]

CODES = {
    "completion_code": "C0MPLETED-1T",
    "no_consent_code": "D0ES-N0T-AGREE",
    "failed_check_code": "FA1LED-CHECK",
    "researcher_code": "RESEARCHER-1S",
}
STRANGERS = ("analyst-of-another-study", "coordinator-of-another-study")


@pytest.fixture
def told(world: World) -> World:
    """The world, with a code for each outcome, a submission that was handed in, and an import of somebody else's."""
    back = f"https://app.prolific.com/submissions/complete?cc={CODES['completion_code']}"
    Study.objects.update(**CODES, completion_url=back)
    Submission.objects.update(entered_code=CODES["completion_code"])
    DatasetImport.objects.update(requested_by=STRANGERS[1])
    return world


def answers(world: World, person: str) -> Iterator[tuple[str, str]]:
    """What somebody is answered at every address of the site, unpacked, with where they are sent."""
    for path, line in MATRIX.items():
        if line.get is not None:
            address = world.address(path, line.given)
            yield address, text_of(world.clients[person].get(address))
    study = f"/admin/annotations/study/{world.things['study']}"
    for address in (f"{study}/change/", f"{study}/setup/", f"{study}/history/", "/api/v1/studies/?format=json"):
        yield address, text_of(world.clients[person].get(address))


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    return f"{response.headers} {content.decode(errors='replace')}"


def holding(world: World, person: str, words: tuple[str, ...]) -> dict[str, list[str]]:
    """The addresses that tell somebody one of the words."""
    told = ((address, [word for word in words if word in text]) for address, text in answers(world, person))
    return {address: found for address, found in told if found}


def test_an_analyst_is_told_no_code_and_no_stranger(told: World) -> None:
    assert holding(told, ANALYST, (*CODES.values(), *STRANGERS)) == {}
    page = text_of(told.clients[COORDINATOR].get(f"/admin/annotations/study/{told.things['study']}/setup/"))
    assert [code for code in CODES.values() if code not in page] == []


def test_a_coordinator_is_told_of_nobody_who_works_in_other_studies_alone(told: World) -> None:
    assert holding(told, COORDINATOR, STRANGERS) == {}
    job = f"/admin/annotations/datasetimport/{told.things['datasetimport']}/change/"
    for person in (OPERATOR, COORDINATOR_ELSEWHERE):  # who sees everything, and whose import it is
        assert STRANGERS[1] in text_of(told.clients[person].get(job))
    members = f"/admin/annotations/study/{told.things['study']}/members/"
    assert STRANGERS[0] in text_of(told.clients[OPERATOR].get(members))
