"""The results page in a real browser: no violation of axe or of the policy, marks that speak, a page that follows."""

import re
import uuid
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study
from annotations.phrases import phrase_submission
from annotations.results import analysis_requests
from annotations.results.staff_pages import results_page
from tests.annotations.pages.test_in_a_browser import shoot, sign_in
from tests.annotations.results.staff_pages.test_findings import by_group, said_by, train_control
from tests.support.accessibility import assert_no_violations, each_look, overhang
from tests.support.actors import Visit, store_base_model, store_dataset
from tests.support.analysis_studies import analyse, drawing, tell, two_tasks
from tests.support.chromium import Chromium
from tests.support.kept_rows import KeptRows
from tests.support.own_database import Committed
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.rows import add_phrase, add_run
from tests.support.scripted import PEOPLE, scripted_phrases
from worker.results.study_analyses import analyse_due_studies

pytestmark = pytest.mark.django_db(transaction=True)


def results(live_server: LiveServer, study: Study) -> str:
    return f"{live_server.url}/admin/annotations/study/{study.pk}/results/"


def show_all(page: Page, url: str) -> None:
    """Go to the results and open all that is folded below the answer."""
    page.goto(url)
    page.locator("details.more").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")


POINT = '[aria-roledescription="point"]'
FEW = {*PEOPLE[:6], *PEOPLE[-2:]}  # the last two lack values; with rows for all of them axe takes twice as long


def drawn(figure: Locator) -> Locator:
    """The chart of a figure that is shown, as soon as Vega has drawn it."""
    chart = figure.locator(".chart:visible")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", "vega")
    return chart


@pytest.fixture(scope="module")
def kept(committed: Committed, sprites_directory: Path) -> KeptRows:
    with committed():
        study = two_tasks(store_base_model(store_dataset(sprites_directory)))
        tell(study, [said for said in scripted_phrases() if said.participant in FEW])
        analyse(study, draws=True)
        return KeptRows()


@pytest.fixture
def scripted(transactional_db: None, kept: KeptRows) -> Study:
    """The scripted study, of eight of its people, analysed."""
    kept.restore()
    return Study.objects.get()


def test_marks_speak_to_the_pointer_and_to_the_keys(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study, tmp_path: Path
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        show_all(page, results(live_server, scripted))
        chart = drawn(page.locator("#figure-error-scores"))
        chart.locator(POINT).first.hover()
        expect(page.locator(".chart-tip")).to_contain_text("p01")
        chart.locator(POINT).first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".chart-tip")).to_contain_text("p02")
        page.keyboard.press("Escape")
        expect(page.locator(".chart-tip")).to_be_hidden()
        shoot(page, "admin-results")


def test_the_people_of_the_answer_are_one_stop_of_the_keyboard_and_a_dot_leads_to_its_phrase(
    live_server: LiveServer, chromium: Chromium, coordinator: User, sprites_directory: Path
) -> None:
    base_model = store_base_model(store_dataset(sprites_directory))
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(results(live_server, analyse(study)))
        figure = page.locator(".dots").first
        dots = figure.locator("a")
        assert dots.count() > 2
        expect(figure.locator('a[tabindex="0"]')).to_have_count(1)
        box = dots.first.bounding_box()
        assert box is not None and box["width"] >= 24 and box["height"] >= 24
        dots.first.focus()
        page.keyboard.press("ArrowRight")
        expect(dots.nth(1)).to_be_focused()
        expect(page.locator(".chart-tip")).to_have_text(dots.nth(1).get_attribute("aria-label") or "")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/annotations/(phrase|annotationsession)/"))


def test_a_note_is_shown_at_its_word_and_printed_there(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(results(live_server, scripted))
        button, note = page.locator(".note").first, page.locator(".note + [popover]").first
        expect(note).to_be_hidden()
        button.click()
        at, shown = button.bounding_box(), note.bounding_box()
        assert at and shown and abs(shown["y"] - at["y"]) < 60 and abs(shown["x"] - at["x"]) < 60
        page.keyboard.press("Escape")
        expect(note).to_be_hidden()
        page.emulate_media(media="print")
        expect(note).to_be_visible()
        expect(button).to_be_hidden()


def test_the_dots_of_one_person_stand_out_together(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        show_all(page, results(live_server, scripted))
        chart = drawn(page.locator("#figure-worst-group"))
        of_person = chart.locator('[aria-label*=", p03:"]')
        expect(of_person).to_have_count(4)  # two lines in each of two tasks
        for act in (of_person.first.hover, of_person.last.focus):
            act()
            expect(chart.locator('[aria-label][stroke="#1d1d1f"]')).to_have_count(4)
            assert [dot.get_attribute("stroke-width") for dot in of_person.all()] == ["2"] * 4
            page.mouse.move(0, 0)


def test_without_a_script_every_figure_is_there_with_its_data(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study
) -> None:
    with chromium.context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, live_server.url)
        show_all(page, results(live_server, scripted))
        for key in ("error-scores", "annotation-time", "worst-group", "new-concepts"):
            figure = page.locator(f"#figure-{key}")
            expect(figure.locator(".chart:visible > svg")).to_have_count(1)
            assert figure.locator(f".chart:visible {POINT}").count() > 10
            expect(figure.get_by_role("button", name="PNG")).to_be_hidden()
            figure.locator("summary").click()
            expect(figure.get_by_role("table")).to_be_visible()


def test_the_findings_of_a_class_are_printed_on_two_pages_without_what_leads_elsewhere(
    live_server: LiveServer, chromium: Chromium, coordinator: User, open_study: Study, alice: Visit
) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(results(live_server, analyse(open_study, draws=True)))
        printed = page.pdf(format="A4", print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
        page.emulate_media(media="print")
        for part in (".tabs", "#results a[download]", "details.more"):
            expect(page.locator(part).locator("visible=true")).to_have_count(0)
        for part in (".answer .lead-words", ".answer .concepts"):
            expect(page.locator(part).first).to_be_visible()


def test_the_answer_stands_on_the_first_screen_and_its_figures_end_soon_after(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        page.set_viewport_size({"width": 1366, "height": 768})
        sign_in(page, live_server.url)
        page.goto(results(live_server, scripted))
        answer = page.locator(".answer").first
        box = answer.locator(".answer-head").bounding_box()
        assert box is not None and box["y"] + box["height"] <= 768
        words = page.evaluate(
            """() => {
              const range = document.createRange();
              range.setStart(document.getElementById("results"), 0);
              range.setEndBefore(document.querySelector(".worth-figure, .dots, .concepts"));
              return range.toString().trim().split(/\\s+/).length;
            }"""
        )
        assert words <= 180
        last = answer.locator(".question").last.bounding_box()
        assert last is not None and last["y"] + last["height"] <= 1300


@pytest.mark.parametrize("width", [1366, 390])
def test_all_that_the_answer_draws_is_reached_by_the_keyboard_and_is_large_enough_to_press(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study, width: int
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        page.set_viewport_size({"width": width, "height": 844})
        sign_in(page, live_server.url)
        page.goto(results(live_server, scripted))
        for answer in page.locator(".answer").all():
            for mark in answer.locator("a, button").all():
                box = mark.bounding_box()
                assert box is not None and min(box["width"], box["height"]) >= 23.9, mark.get_attribute("href")
                mark.focus()
                expect(mark).to_be_focused()
            for drawn_mark in answer.locator("img, rect, circle").all():
                assert drawn_mark.evaluate("mark => mark.closest('a') !== null")
        pictures = page.locator(".answer .found a").first
        if pictures.count():
            pictures.press("Enter")
            place = (pictures.get_attribute("href") or "").removeprefix("#")
            expect(page.locator(f'[id="{place}"]')).to_be_in_viewport()


def test_a_narrow_screen_has_a_figure_of_its_own(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in(page, live_server.url)
        show_all(page, results(live_server, scripted))
        chart = drawn(page.locator("#figure-worst-group"))
        assert "narrow" in (chart.get_attribute("class") or "")
        assert chart.evaluate("chart => chart.scrollWidth <= chart.clientWidth")
        page.set_viewport_size({"width": 1280, "height": 844})
        assert "wide" in (drawn(page.locator("#figure-worst-group")).get_attribute("class") or "")


def test_a_figure_has_its_data_and_a_picture(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study, tmp_path: Path
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        show_all(page, results(live_server, scripted))
        figure = page.locator("#figure-annotation-time")
        figure.get_by_text("Data", exact=True).click()
        expect(figure.get_by_role("table")).to_contain_text("wall_time")
        drawn(figure)
        with page.expect_download() as download:
            figure.get_by_role("button", name="PNG").click()
        assert download.value.suggested_filename == "scripted-annotation-time.png"
        path = tmp_path / "figure.png"
        download.value.save_as(path)
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_page_follows_the_study_and_stays_as_its_reader_left_it(
    live_server: LiveServer,
    chromium: Chromium,
    coordinator: User,
    open_study: Study,
    alice: Visit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results_page, "POLL_S", 0.2)
    monkeypatch.setattr(results_page, "POLL_SOON_S", 0.2)
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        show_all(page, results(live_server, analyse(open_study, draws=("error-scores", "panels"))))
        figure = page.locator("#figure-error-scores")
        figure.get_by_text("Data", exact=True).click()
        expect(figure.get_by_role("table")).to_contain_text("red")
        kept = page.locator("#figure-panels").element_handle()
        phrase_submission.submit(alice.assignment, client_uuid=uuid.uuid4(), text="crimson")
        analysis_requests.ask(open_study, "")
        with drawing(("error-scores", "panels")):
            analyse_due_studies()
        expect(page.locator("#figure-table-3")).to_contain_text("crimson")
        expect(figure.locator("details")).to_have_attribute("open", "")
        order = page.evaluate("() => [...document.querySelectorAll('#results > [id]')].map(({ id }) => id)")
        assert order[:2] == ["results-answer", "results-state"]
        assert kept is not None and kept.evaluate("figure => figure.isConnected"), "what has not changed stays"


def test_there_is_no_violation_at_two_widths_in_two_themes(
    live_server: LiveServer, chromium: Chromium, coordinator: User, scripted: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        show_all(page, results(live_server, scripted))
        page.locator("#figure-error-scores summary").click()
        for scheme in each_look(page):
            drawn(page.locator("#figure-error-scores"))
            assert_no_violations(page, scheme=scheme)
            assert overhang(page) == 0
