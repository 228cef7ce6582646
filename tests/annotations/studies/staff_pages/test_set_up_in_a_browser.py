"""From "new study" to open, and from an archive to a data set, in a real browser under the site's content policy.

Every page is looked at with axe and at the width of a phone; CLARIFY_SCREENSHOTS=1 keeps the pictures of the docs.
"""

import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import BaseModel, DatasetImport, Study
from clarify_errors.arrays.datasets.dataset_files import Split
from tests.annotations.pages.test_in_a_browser import shoot, sign_in
from tests.support import actors, pictures, steps
from tests.support.accessibility import DJANGOS, assert_no_violations_in_both_themes, overhang
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints
from worker.datasets.imports import run_due_imports
from worker.phrases.scoring import score_due_phrases
from worker.rehearsals import run_due_rehearsals

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workers(transactional_db: None, live_server: LiveServer, settings: Any) -> Iterator[None]:
    """Phrases are scored and simulated participants come, as by workers."""
    settings.REHEARSAL_URL = live_server.url
    with steps.workers(score_due_phrases, run_due_rehearsals):
        yield


def look(page: Page, name: str) -> None:
    """Keep a picture, and see that the page fits a phone."""
    shoot(page, name)
    fits_a_phone(page)


def fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    assert overhang(page) == 0, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_coordinator_sets_a_study_up_rehearses_it_and_opens_it(
    live_server: LiveServer, chromium: Chromium, coordinator: User, base_model: BaseModel, workers: None
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/")
        page.get_by_role("link", name="New study").click()
        page.get_by_role("radio", name="oval").check()
        expect(page.get_by_label("Title", exact=True)).to_have_value("Images of oval that go wrong")
        page.get_by_label("Title", exact=True).fill("Squares that go wrong")
        page.get_by_role("radio", name="square").check()
        page.get_by_label("People", exact=True).fill("30")
        page.get_by_label("Pay each").fill("2")
        expect(page.locator("#pay.low")).to_contain_text("8.00 GBP an hour")
        page.get_by_label("Pay each").press_sequentially(",20")  # 2,20, as much of Europe types it
        expect(page.locator("#pay.low")).to_contain_text("8.80 GBP an hour")
        page.get_by_label("Pay each").fill("2.505")
        expect(page.locator("#pay.low")).to_have_count(0)
        page.get_by_role("radio", name="Images with the phrase, images without it").check()
        page.get_by_text("75.15 GBP, and Prolific’s fee").wait_for()
        fits_a_phone(page)
        page.get_by_role("button", name="Only make the draft").click()
        page.get_by_role("alert").get_by_role("link", name="Pay each").click()
        page.get_by_label("Pay each").fill("2.50")
        page.get_by_role("button", name="Only make the draft").click()
        page.get_by_text("Rehearse it: simulated participants go through it").wait_for()
        fits_a_phone(page)
        page.get_by_role("link", name="Set up", exact=True).click()
        page.get_by_role("heading", name="What people read").click()
        page.locator("#id_introduction").fill("You describe, in your own words, what a program gets wrong.")
        for place, name in enumerate(("with words", "without words")):
            page.get_by_text("Add another Condition").click()
            page.locator(f"#id_conditions-{place}-name").fill(name)
        page.locator("#id_conditions-1-show_suggestions").uncheck()
        tasks = page.locator("#tasks-group .tabular")
        assert tasks.evaluate("each => each.scrollWidth <= each.clientWidth")  # every column of a task is in view
        page.get_by_role("heading", name="Money and time").click()
        page.locator("#id_max_minutes").fill("45")
        page.get_by_role("heading", name="Retraining").click()
        for value in ("class_mass", "mean_slices"):
            page.get_by_label("How images count in retraining").select_option(value)
            chosen = page.locator("#id_scheme option:checked").inner_text()
            expect(page.locator(".fold", has=page.locator("#id_scheme")).locator(".present")).to_have_text(chosen)
        page.evaluate("scrollTo(0, 0)")
        pictures.keep("admin-set-up", page.screenshot)  # its beginning; the whole is long
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("The draft is stored.").wait_for()
        page.get_by_role("link", name="Set up", exact=True).click()
        page.get_by_role("link", name="Pre-flight").click()
        page.get_by_text("1 thing keeps the study from opening").wait_for()
        look(page, "admin-preflight")
        page.locator("a[href*='#fieldset-']", has_text="Go there").first.click()
        expect(page.locator("details.fold[open]:has(:target)")).to_be_in_viewport()
        page.go_back()
        page.get_by_role("link", name="Rehearse and preview", exact=True).click()
        page.get_by_role("button", name="Preview “without words”").wait_for()
        page.get_by_label("Simulated participants").fill("2")
        page.get_by_role("button", name="Rehearse").click()
        page.get_by_text("All 2 got through as they should").wait_for(timeout=120_000)
        page.get_by_text("2 visits of previews and simulated participants are stored").wait_for()
        look(page, "admin-rehearsal")
        page.get_by_role("link", name="Pre-flight").click()
        page.locator(".next").get_by_role("link", name="Open the study").click()
        page.get_by_text("cannot be changed afterwards").wait_for()
        page.get_by_role("button", name="Open the study").click()
        page.get_by_text("The study is open. Its configuration is frozen.").wait_for()
        assert "PROLIFIC_PID={{%PROLIFIC_PID%}}" in page.locator("#entry-url").input_value()
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("link", name="Set up", exact=True).click()
        page.get_by_text("Images with the phrase, images without it and each other class count alike").first.wait_for()
        page.get_by_role("link", name="Codes, places and alarms").click()
        page.get_by_label("Prolific's study id").fill("64a0f1b2c3d4e5f6a7b8c9d0")
        look(page, "admin-amend")
        page.get_by_role("button", name="Change").click()
        page.get_by_text("Changed: prolific's study id.").wait_for()
    study = Study.objects.get()
    assert (study.state, study.slug, study.tasks.get().target_class) == ("active", "squares-that-go-wrong", 0)
    assert study.configurations.last().data["study"]["scheme"] == study.scheme == "mean_slices"  # type: ignore[union-attr]
    assert (study.reward_cents, study.external_study_id) == (250, "64a0f1b2c3d4e5f6a7b8c9d0")
    assert list(study.conditions.values_list("name", "show_suggestions")) == [
        ("with words", True),
        ("without words", False),
    ]
    assert not study.sessions.counted().exists()


def test_a_class_that_is_chosen_before_the_script_has_come_still_names_the_study(
    live_server: LiveServer, chromium: Chromium, coordinator: User, base_model: BaseModel
) -> None:
    held: list[Route] = []
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.route("**/new_study*.js", lambda route: held.append(route))
        page.goto(f"{live_server.url}/admin/annotations/study/add/", wait_until="commit")
        page.get_by_role("radio", name="oval").check()
        title = page.get_by_label("Title", exact=True)
        expect(title).to_have_value("Images of square that go wrong")
        held.pop().continue_()
        expect(title).to_have_value("Images of oval that go wrong")


def test_a_preview_leads_into_a_draft(
    live_server: LiveServer, chromium: Chromium, coordinator: User, draft_study: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{draft_study.pk}/change/")
        page.get_by_text("More", exact=True).click()
        page.get_by_role("link", name="Preview").click()
        page.get_by_role("button", name="Preview as a participant").click()
        page.get_by_role("heading", name="The sprites study").first.wait_for()
        shoot(page, "admin-preview")


def test_ten_acts_lead_from_an_archive_to_an_open_study(
    live_server: LiveServer, chromium: Chromium, coordinator: User, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_ROOT, settings.REHEARSAL_URL = tmp_path / "data", live_server.url
    archive = _archive_of_sprites(tmp_path / "shapes.zip")
    at_work = steps.workers(run_due_imports, score_due_phrases, run_due_rehearsals)
    with at_work, page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/")
        acts: tuple[Callable[[], object], ...] = (
            page.get_by_role("link", name="Import a data set").click,
            lambda: page.get_by_label("Archive").set_input_files(archive),
            lambda: page.get_by_label("Strength of regularisation").fill("100"),
            page.get_by_role("button", name="Import").click,
            page.get_by_role("link", name="Make a study of square").click,
            lambda: page.get_by_label("Pay each").fill("1.80"),
            page.get_by_role("radio", name="As in the paper").check,
            page.get_by_role("button", name="Make the draft and rehearse it").click,
            partial(page.locator(".next").get_by_role("link", name="Open the study").click, timeout=120_000),
            page.get_by_role("button", name="Open the study").click,
        )
        before = {3: "admin-import", 4: "admin-import-done", 7: "admin-new-study", 9: "admin-open"}
        for number, act in enumerate(acts):
            if number == 4:
                page.get_by_text("No image was left out.").wait_for()
            if number == 9:
                page.get_by_text("43.20 GBP together").wait_for()
                for fact in ("shapes v1, class square", "last layer, λ 100", "1.80 GBP each", "As in the paper"):
                    expect(page.locator(".facts")).to_contain_text(fact)
            if number in before:
                look(page, before[number])
            act()
        page.get_by_text("The study is open. Its configuration is frozen.").wait_for()
    study = Study.objects.get()
    task = study.tasks.get()
    assert len(acts) == 10
    assert (study.state, study.scheme, study.reward_cents, task.base_model.l2) == ("active", "paper", 180, 100)
    assert (study.title, task.class_name) == ("Images of square that go wrong", "square")


def _archive_of_sprites(path: Path) -> Path:
    """Folders of squares and ovals, of which a strongly regularised model goes by colour."""
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(path, "w") as archive:
        for (label, colour), by_split in actors.COUNTS.items():
            for split, count in zip(Split, by_split, strict=True):
                for n in range(count):
                    with archive.open(f"{split.word}/{actors.CLASSES[label]}/{colour}-{n}.png", "w") as file:
                        actors.sprite(label, colour, rng).save(file, "PNG")
    return path


def test_no_page_of_the_set_up_has_a_violation(
    live_server: LiveServer, chromium: Chromium, coordinator: User, draft_study: Study
) -> None:
    # axe-core is put into the page as a script, which the pages' own policy would not let in.
    with chromium.context(bypass_csp=True, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        sign_in(page, live_server.url)
        study = f"/admin/annotations/study/{draft_study.pk}"
        imported = DatasetImport.objects.create(name="birds", folder="birds", requested_by="coordinator")
        for path in (
            "/admin/",
            "/admin/annotations/study/add/",
            *(
                f"{study}/{name}/"
                for name in ("change", "setup", "preflight", "rehearsal", "amend", "clone", "step/open")
            ),
            "/admin/annotations/datasetimport/",
            "/admin/annotations/datasetimport/new/",
            f"/admin/annotations/datasetimport/{imported.pk}/change/",
        ):
            page.goto(f"{live_server.url}{path}")
            assert_no_violations_in_both_themes(page, path, without=DJANGOS)
