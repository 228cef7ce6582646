"""docs/analysts/api.md names each address of the API and each code of its errors, and no other."""

import re
from pathlib import Path

from django.urls import resolve

from tests.access.matrix import API

PAGE = Path(__file__).parents[4] / "docs" / "analysts" / "api.md"
NAMED_IN_WORDS = {"api/v1/"}  # whatever else is asked for: 404
SAMPLES = {
    "{public_id}": "00000000-0000-0000-0000-000000000001",
    "{client_uuid}": "00000000-0000-0000-0000-000000000001",
    "PUBLIC_ID": "00000000-0000-0000-0000-000000000001",
    "SLUG": "birds",
    "ID": "1",
}


def test_the_page_names_each_address_and_no_other() -> None:
    text = PAGE.read_text("utf-8")
    for place, sample in SAMPLES.items():
        text = text.replace(place, sample)
    named = {resolve(address).route for address in re.findall(r"/api/v1/[-\w/]+/", text)}
    assert named == {path.replace("^", "", 1) for path in API} - NAMED_IN_WORDS
