"""The pages of concepts and of corrections in a real browser: no violation of axe or the policy, marks that speak."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.corrections import correction_requests as corrections
from annotations.models import Study
from tests.annotations.pages.test_in_a_browser import shoot, sign_in
from tests.annotations.results.staff_pages.test_results_in_a_browser import POINT, drawn
from tests.support.accessibility import assert_no_violations, each_look, overhang
from tests.support.actors import OVAL, SQUARE, store_base_model, store_dataset
from tests.support.analysis_studies import analyse
from tests.support.chromium import Chromium
from tests.support.correcting import approve, say, study_of_both
from tests.support.kept_rows import KeptRows
from tests.support.own_database import Committed
from tests.support.pages_in_chromium import page_without_complaints
from worker.corrections import train_due_corrections
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)

ANN = {SQUARE: ["red", "dark red", "no blue"], OVAL: ["blue", "bright"]}
BEN = {SQUARE: ["red things", "light", "mossy"], OVAL: ["blue", "they have green stripes"]}


def address(live_server: LiveServer, study: Study, page: str) -> str:
    return f"{live_server.url}/admin/annotations/study/{study.pk}/{page}/"


@pytest.fixture(scope="module")
def kept(committed: Committed, sprites_directory: Path) -> tuple[KeptRows, KeptRows]:
    """A study of two people's words with its figures, and the same with a correction."""
    with committed():
        base_model = store_base_model(store_dataset(sprites_directory))
        study = study_of_both(base_model)
        approve(*say(study, "ann", ANN), *say(study, "ben", BEN))
        train_due_runs()
        analyse(study, draws=("concept", "correction"))
        before = KeptRows()
        corrections.request(study, base_model, by="coordinator")
        train_due_corrections()
        analyse(study, draws=("concept", "correction"))
        return before, KeptRows()


@pytest.fixture
def study(transactional_db: None, kept: tuple[KeptRows, KeptRows]) -> Study:
    kept[0].restore()
    return Study.objects.get()


@pytest.fixture
def corrected(transactional_db: None, kept: tuple[KeptRows, KeptRows]) -> Study:
    kept[1].restore()
    return Study.objects.get()


def test_the_marks_of_the_map_speak_to_the_pointer_and_to_the_keys(
    live_server: LiveServer, chromium: Chromium, coordinator: User, study: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(address(live_server, study, "concepts"))
        phrase_map = page.locator("#figure-concept-map-1")
        marks = drawn(phrase_map).locator(POINT)
        marks.first.hover()
        expect(page.locator(".chart-tip")).to_contain_text("concept 1")
        first = page.locator(".chart-tip").inner_text()
        marks.first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".chart-tip")).not_to_have_text(first)
        phrase_map.get_by_text("Data", exact=True).click()
        expect(phrase_map.get_by_role("table")).to_contain_text("mossy")
        with page.expect_download() as download:
            phrase_map.get_by_role("button", name="PNG").click()
        assert download.value.suggested_filename == "both-concept-map-1.png"
        shoot(page, "admin-concepts")


def test_a_coordinator_trains_a_correction_and_approves_it(
    live_server: LiveServer, chromium: Chromium, coordinator: User, study: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(address(live_server, study, "correction"))
        page.get_by_label("square").select_option(index=1)
        page.get_by_role("button", name="Train the correction").click()
        expect(page.locator("#correction-now")).to_contain_text("Waits for a worker")
        train_due_corrections()
        page.get_by_role("link", name="read what it does").click()  # the page has found out by itself
        page.get_by_role("heading", name="To every group").wait_for()
        expect(page.get_by_role("link", name="read what it does")).to_be_hidden()  # it stands below now
        page.get_by_label("Reason").fill("no group loses")
        page.get_by_role("button", name="Approve the correction").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the head and its report").click()
        assert download.value.suggested_filename.endswith(".zip")
        shoot(page, "admin-correction")


@pytest.mark.parametrize("name", ["concepts", "correction"])
def test_there_is_no_violation_at_two_widths_in_two_themes(
    live_server: LiveServer, chromium: Chromium, coordinator: User, corrected: Study, name: str
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(address(live_server, corrected, name))
        for summary in page.locator("#results summary").all():
            summary.click()
        for scheme in each_look(page):
            drawn(page.locator("figure").first)
            assert_no_violations(page, scheme=scheme)
            assert overhang(page) == 0
