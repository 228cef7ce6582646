"""Reviewing with keys alone in a real browser, and the gathering page on a desk and on a phone."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import GatheredTraining, Gathering
from tests.annotations.pages.test_in_a_browser import sign_in
from tests.annotations.pools.staff_pages.conftest import DONE
from tests.support.accessibility import DJANGOS, assert_no_violations_in_both_themes, overhang
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints

pytestmark = pytest.mark.django_db(transaction=True)

MEASURED = {f"{name}{end}": [0.5, 0.4, 0.6] for name in ("worst_group", "average", "minority") for end in ("", "_gain")}
TABLE = [
    {"name": "base", "n_added": 0, "reason": "", "minutes": None, **MEASURED},
    {"name": "gathered data", "n_added": 12, "reason": "", "minutes": 3.5, **MEASURED},
    {"name": "both", "n_added": 12, "reason": "a slice is too small", "minutes": 3.5},
]


def test_keys_review_and_the_pages_fit(
    live_server: LiveServer, chromium: Chromium, coordinator: User, gathering: Gathering
) -> None:
    base_model = gathering.base_model
    kept = {"candidate": [[3, 0, 1]], "random": []}
    GatheredTraining.objects.create(gathering=gathering, dataset=base_model.dataset, kept=kept, table=TABLE, **DONE)
    study = f"{live_server.url}/admin/annotations/study/{gathering.study_id}"
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{study}/image_review/?gathering={gathering.pk}")
        assert_no_violations_in_both_themes(page)
        for n_done, key in enumerate("1du2", 1):
            page.keyboard.press(key)
            expect(page.get_by_text(f"{n_done} of 4 images")).to_be_visible()
        page.keyboard.press("z")
        expect(page.get_by_text("3 of 4 images")).to_be_visible()
        said = list(gathering.reviews.order_by("place").values_list("verdict", "label"))
        assert said == [("keep", 0), ("drop", None), ("unsure", None)]
        page.goto(f"{study}/gathering/")
        expect(page.get_by_role("heading", name="What the gathered images gain")).to_be_visible()
        expect(page.get_by_text("a slice is too small")).to_be_visible()
        assert_no_violations_in_both_themes(page)
        page.set_viewport_size({"width": 390, "height": 844})
        assert overhang(page) == 0
        page.goto(f"{live_server.url}/admin/annotations/pool/{gathering.pool_id}/change/")
        assert overhang(page) == 0
        page.get_by_label("Or these files, one a line").fill(base_model.dataset.files.filenames[4])
        page.get_by_label("Why", exact=True).fill("A face.")
        page.get_by_role("button", name="Take out").click()
        expect(page.get_by_text("Took 1 image out.")).to_be_visible()
        expect(page.get_by_text("1 image, A face.")).to_be_visible()
        page.get_by_role("button", name="Look for new images").click()
        expect(page.get_by_text("A worker looks for images that are new in the folder.")).to_be_visible()
    gathering = Gathering.objects.get()
    assert gathering.gone == {2} and gathering.pool is not None and gathering.pool.state == "pending"


def test_the_page_of_a_pool_has_no_violation(
    live_server: LiveServer, chromium: Chromium, coordinator: User, gathering: Gathering
) -> None:
    # axe-core is put into the page as a script, which the pages' own policy would not let in.
    with chromium.context(bypass_csp=True) as context:
        page = context.new_page()
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/pool/{gathering.pool_id}/change/")
        expect(page.get_by_role("button", name="Look for new images")).to_be_visible()
        assert_no_violations_in_both_themes(page, without=DJANGOS)
