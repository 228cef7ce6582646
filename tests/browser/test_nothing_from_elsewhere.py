"""A page of a test that asks another machine for anything fails the test, by whichever name it asks."""

import pytest

from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints


@pytest.mark.parametrize(
    "address", ["https://fonts.example.org/a.woff2", "http://203.0.113.7/a.js", "http://[2001:db8::7]/"]
)
def test_a_request_to_elsewhere_is_told(chromium: Chromium, address: str) -> None:
    with (
        pytest.raises(AssertionError, match="request to"),
        page_without_complaints(chromium, "http://localhost:1") as page,
        page.expect_event("requestfailed"),
    ):
        page.evaluate("address => { new Image().src = address; }", address)
