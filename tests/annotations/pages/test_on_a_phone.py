"""The staff's pages from a phone of 320 pixels to a laptop: nothing is wider than the window, all that is needed is in
sight, and can be read in the light and in the dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Audience, BaseModel, Condition, Dataset, Phrase, Pool, Run, Study, Submission
from annotations.site.study_registry import PAGES
from tests.annotations.pools.staff_pages.conftest import ITEMS, make
from tests.support.accessibility import DJANGOS, assert_no_violations_in_both_themes, overhang
from tests.support.actors import Visit
from tests.support.analysis_studies import analyse
from tests.support.chromium import Chromium
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import task_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phone(chromium: Chromium, live_server: LiveServer, coordinator_client: Client) -> Iterator[Page]:
    """A phone on which a coordinator is signed in; addresses begin at the site's."""
    options: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
    name = settings.SESSION_COOKIE_NAME
    with chromium.context(base_url=live_server.url, **options) as context:
        context.add_cookies([{"name": name, "value": coordinator_client.cookies[name].value, "url": live_server.url}])
        yield context.new_page()


@pytest.fixture
def seen(open_study: Study, alice: Visit) -> Study:
    """A study with a phrase, its run, and a screen that showed it."""
    add_run(add_phrase(alice, "extraordinarilylongwordsthatnobodywouldwrite" * 2, 0.75), 0.5)
    alice.client.get(task_url(alice))
    return open_study


ACTS_AND_FILES = {"release_file", "export"}
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützen"


@pytest.fixture
def long_names(seen: Study) -> Study:
    """The same with a gathering, and with the longest names that somebody gives to each thing."""
    make(Phrase.objects.get().score, ITEMS, pool=True)
    Study.objects.update(title=f"Photographs of {LONG} that go wrong")
    Condition.objects.create(study=seen, position=1, name=LONG)
    Dataset.objects.update(name="photographs_of_animals_and_of_cartoons_in_the_field_study", class_names=[LONG, "oval"])
    BaseModel.objects.update(name="resnet50_trained_on_imagenet_with_augmentations_of_colours")
    return Study.objects.get()


def test_every_list_fits_a_laptop(phone: Page, long_names: Study) -> None:
    phone.set_viewport_size({"width": 1280, "height": 900})
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    too_far = {}
    for address in lists:
        phone.goto(address)
        expect(phone.locator("#changelist")).to_be_visible()
        inside = "boxes => Math.max(0, ...boxes.map(box => box.scrollWidth - box.clientWidth))"
        too_far[address] = overhang(phone), phone.locator("#changelist .results").evaluate_all(inside)
    assert "/admin/annotations/phrase/" in too_far
    assert {address: pixels for address, pixels in too_far.items() if pixels != (0, 0)} == {}


def test_the_main_pages_of_a_study_have_no_violation_in_either_theme(phone: Page, long_names: Study) -> None:
    phone.set_viewport_size({"width": 1280, "height": 900})
    for name in ("change", "setup", "preflight", "monitor", "moderation", "payments", "withdrawals", "members"):
        phone.goto(f"/admin/annotations/study/{long_names.pk}/{name}/")
        expect(phone.locator("#content")).to_be_visible()
        assert_no_violations_in_both_themes(phone, name, without=DJANGOS)
    phone.goto("/admin/annotations/study/add/")
    assert_no_violations_in_both_themes(phone, "new study", without=DJANGOS)


def test_no_page_of_a_study_scrolls_sideways(phone: Page, long_names: Study) -> None:
    analyse(long_names, draws=True)
    study, run, model, phrase = long_names, Run.objects.get(), BaseModel.objects.get(), Phrase.objects.get()
    of = f"?submission={Submission.objects.get().pk}&gathering={study.gatherings.get().pk}"
    pages = [page.url(study) + of for page in PAGES if page.applies_to(study) and page.name not in ACTS_AND_FILES]
    pages += [f"/admin/annotations/study/{study.pk}/step/{name}/" for name in ("pause", "close")]
    assert len(pages) > 20
    rows = (study, run, phrase, phrase.assignment, phrase.assignment.session, model, model.dataset, Pool.objects.get())
    pages += [f"/admin/annotations/{row._meta.model_name}/{row.pk}/change/" for row in rows]
    wide = [each for page in ("/admin/", "/admin/annotations/study/add/", *pages) for each in too_wide(phone, page)]
    Study.objects.update(audience=Audience.EXPERTS)
    for name in ("change", "annotate", "classes"):
        wide += too_wide(phone, f"/admin/annotations/study/{study.pk}/{name}/")
    assert not wide


def too_wide(phone: Page, address: str) -> list[tuple[str, int, int]]:
    """At which widths of the window the page is wider, and by how many pixels."""
    answer = phone.goto(address)
    assert answer is not None and answer.ok, address
    expect(phone.locator("#content")).to_be_visible()
    found: list[tuple[str, int, int]] = []
    for width in (320, 390, 1280):
        phone.set_viewport_size({"width": width, "height": 640})
        found += [(address, width, pixels)] if (pixels := overhang(phone)) else []
    return found


def test_how_far_people_came_is_drawn(phone: Page, seen: Study) -> None:
    phone.goto(f"/admin/annotations/study/{seen.pk}/change/")
    widths = phone.locator(".funnel meter").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert widths and min(widths) > 40


def test_a_token_is_shown_whole_and_can_be_revoked(phone: Page, coordinator: User) -> None:
    phone.goto(reverse("access_tokens"))
    phone.get_by_label("What it is for").fill("the notebook of the whole group")
    phone.get_by_role("button", name="Make a token").click()
    phone.get_by_role("button", name="Copy").click()
    assert phone.locator("#token").evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert overhang(phone) == 0
    phone.get_by_role("button", name="Revoke the notebook of the whole group").click()
    expect(phone.get_by_text("None.")).to_be_visible()


def test_the_sentence_of_a_replayed_screen_covers_nothing(phone: Page, seen: Study) -> None:
    phone.goto(reverse("admin:annotations_phrase_screen", args=[Phrase.objects.get().pk]))
    expect(phone.get_by_text("Replayed.")).to_be_visible()
    assert overhang(phone) == 0
    edges = "all => all.map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom])"
    (_, first_ends), (second_begins, _) = sorted(phone.locator(".ask, #answer").evaluate_all(edges))
    assert first_ends <= second_begins
