"""The one file of `diagnose`, as a colleague opens it: it asks nobody for anything, and a reader can follow it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

import clarify_errors as clarify
from tests.modeling.explanations.painted import ColourEncoder, ColourNetwork, as_tensor, painted
from tests.support.accessibility import assert_no_violations_in_both_themes, overhang
from tests.support.chromium import Chromium


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures, labels = painted(1_200)
    report = clarify.diagnose(
        ColourNetwork(), pictures, labels=labels, transform=as_tensor, encoder=ColourEncoder(), cache=False
    )
    report["square"].correct("best")
    return report.save(tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Chromium, file: Path, asked: list[str]) -> Iterator[Page]:
    with chromium.context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        yield page


def test_it_asks_nobody_for_anything(page: Page, file: Path, asked: list[str]) -> None:
    page.wait_for_load_state("networkidle")
    assert {url for url in asked if not url.startswith("data:")} == {file.as_uri()}


def test_it_has_no_violation_and_fits_a_phone(page: Page) -> None:
    page.add_script_tag(path=AXE_FILE_PATH)
    assert_no_violations_in_both_themes(page, "report")
    page.set_viewport_size({"width": 390, "height": 800})
    assert overhang(page) == 0


def test_a_reader_hears_what_each_picture_and_bar_is(page: Page) -> None:
    names = [picture.get_attribute("alt") for picture in page.get_by_role("img").all()]
    assert {name.split(" ")[0] for name in names if name} == {"square,"} and None not in names
    assert page.get_by_role("meter", name="error score of “red”").count() == 1
