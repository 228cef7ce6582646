"""The page that searches a data set's images, and the near-duplicates on the data set's own page."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.models import Dataset, ImageIndex, ImageSearch, JobState

PAIRS = {"n_evaluation": 96, "n_looked_at": 96, "n_images": 1, "n_pairs": 3, "pairs": [[150, 4, 0.99123]]}


@pytest.fixture
def index(sprites_like: Dataset) -> ImageIndex:
    return ImageIndex.objects.create(
        dataset=sprites_like,
        state=JobState.DONE,
        finished_at=timezone.now(),
        directory="x",
        kind="flat",
        near_duplicates=PAIRS,
        requested_by="ada",
    )


def address(dataset: Dataset) -> str:
    return f"/admin/annotations/dataset/{dataset.pk}/images/"


def soup(response: Any) -> Any:
    return BeautifulSoup(response.content, "html.parser")


def finish(search: ImageSearch, **changes: Any) -> None:
    fields = {
        "state": JobState.DONE,
        "finished_at": timezone.now(),
        "rows": [7, 8],
        "similarities": [0.31249, 0.25],
        "is_exact": True,
        **changes,
    }
    ImageSearch.objects.filter(pk=search.pk).update(**fields)


def test_without_an_index_the_page_says_so_and_a_coordinator_has_it_built(
    coordinator_client: Client, sprites_like: Dataset
) -> None:
    page = coordinator_client.get(address(sprites_like)).content.decode()
    assert "cannot be searched yet" in page and 'name="words"' not in page
    answer = coordinator_client.post(f"{address(sprites_like)}index/", {"duplicate_threshold": "0.95"})
    assert answer.headers["Location"] == address(sprites_like)
    job = ImageIndex.objects.get()
    assert (job.state, job.duplicate_threshold, job.requested_by) == ("pending", 0.95, "coordinator")
    page = coordinator_client.get(address(sprites_like)).content.decode()
    assert "Being built" in page and 'data-live="1"' in page


@pytest.mark.parametrize("threshold", ["", "2", "nan", "much"])
def test_a_threshold_that_is_none_builds_nothing(
    coordinator_client: Client, sprites_like: Dataset, threshold: str
) -> None:
    answer = coordinator_client.post(f"{address(sprites_like)}index/", {"duplicate_threshold": threshold}, follow=True)
    assert "must be a number between 0 and 1" in answer.content.decode()
    assert not ImageIndex.objects.exists()


def test_why_a_build_failed_stands_there(coordinator_client: Client, sprites_like: Dataset) -> None:
    failed = {"state": JobState.FAILED, "finished_at": timezone.now(), "error": "The disk is full."}
    ImageIndex.objects.create(dataset=sprites_like, requested_by="ada", **failed)
    assert "The disk is full." in coordinator_client.get(address(sprites_like)).content.decode()


def test_a_search_waits_for_a_worker_and_then_shows_images_with_similarities(
    coordinator_client: Client, index: ImageIndex
) -> None:
    answer = coordinator_client.post(address(index.dataset), {"words": "red", "row_5": "+", "row_60": "-", "row_9": ""})
    search = ImageSearch.objects.get()
    assert (search.words, search.like, search.unlike) == ("red", [5], [60])
    assert answer.headers["Location"] == f"{address(index.dataset)}?search={search.pk}"
    waiting = coordinator_client.get(answer.headers["Location"])
    assert "Searching" in waiting.content.decode() and 'data-live="1"' in waiting.content.decode()
    finish(search)
    page = soup(coordinator_client.get(answer.headers["Location"]))
    assert page.select_one("[data-live]") is None
    assert [cell.span.text for cell in page.select(".example")[2:]] == ["0.312", "0.250"]
    assert page.select_one('[name="words"]')["value"] == "red"
    assert [field["name"] for field in page.select("input[checked]") if field["value"]] == ["row_5", "row_60"]
    image = page.select(".example img")[2]["src"]
    assert coordinator_client.get(image).status_code == 200


def test_before_the_first_search_there_are_images_to_choose_from(coordinator_client: Client, index: ImageIndex) -> None:
    assert len(soup(coordinator_client.get(address(index.dataset))).select(".example img")) == 24


def test_approximate_results_say_so(coordinator_client: Client, index: ImageIndex) -> None:
    coordinator_client.post(address(index.dataset), {"words": "red"})
    ImageIndex.objects.update(recall=0.874)
    finish(ImageSearch.objects.get(), is_exact=False)
    page = coordinator_client.get(f"{address(index.dataset)}?search={ImageSearch.objects.get().pk}").content.decode()
    assert "searched approximately" in page and "0.87" in page


def test_why_a_search_failed_stands_there(coordinator_client: Client, index: ImageIndex) -> None:
    coordinator_client.post(address(index.dataset), {"words": "red"})
    finish(ImageSearch.objects.get(), state=JobState.FAILED, error="The index is damaged.")
    page = coordinator_client.get(f"{address(index.dataset)}?search={ImageSearch.objects.get().pk}").content.decode()
    assert "The index is damaged." in page


@pytest.mark.parametrize("given", [{}, {"words": " "}, {"row_3": "-"}, {"words": "red", "row_9999": "+"}])
def test_what_cannot_be_searched_is_refused_on_the_page(
    coordinator_client: Client, index: ImageIndex, given: dict[str, str]
) -> None:
    answer = coordinator_client.post(address(index.dataset), given)
    assert answer.status_code == 400
    assert soup(answer).select_one('[role="alert"]').text
    assert not ImageSearch.objects.exists()


def test_rows_that_are_no_numbers_are_no_examples(coordinator_client: Client, index: ImageIndex) -> None:
    coordinator_client.post(address(index.dataset), {"words": "red", "row_x": "+", "row_": "+", "row_²": "+"})
    assert ImageSearch.objects.get().like == []


@pytest.mark.parametrize("number", ["{0}", "0", "x", "9" * 30, "²"])
def test_a_search_of_somebody_else_or_of_nobody_is_not_there(
    coordinator_client: Client, index: ImageIndex, number: str
) -> None:
    search = ImageSearch.objects.create(dataset=index.dataset, words="secret words", requested_by="somebody")
    answer = coordinator_client.get(f"{address(index.dataset)}?search={number.format(search.pk)}")
    assert answer.status_code == 404


def test_near_duplicates_stand_on_the_page_of_the_data_set(coordinator_client: Client, index: ImageIndex) -> None:
    page = soup(coordinator_client.get(f"/admin/annotations/dataset/{index.dataset.pk}/change/"))
    part = page.select_one("#near-duplicates")
    words = " ".join(part.text.split())
    assert "1 of 96 validation and test images" in words and "above 0.98" in words and "0.991" in words
    assert "The 1 most similar of 3 pairs" in words
    assert [coordinator_client.get(image["src"]).status_code for image in part.select("img")] == [200, 200]


def test_a_data_set_that_nobody_looked_through_says_so(coordinator_client: Client, sprites_like: Dataset) -> None:
    page = coordinator_client.get(f"/admin/annotations/dataset/{sprites_like.pk}/change/").content.decode()
    assert "Nobody has looked for near-duplicates" in page and address(sprites_like) in page


def test_somebody_without_a_study_of_their_own_searches_but_builds_nothing(index: ImageIndex, open_study: Any) -> None:
    analyst = User.objects.create_user("ana", is_staff=True)
    open_study.members.create(user=analyst, role="analyst")
    client = Client()
    client.force_login(analyst)
    assert client.post(address(index.dataset), {"words": "red"}).status_code == 302
    assert client.post(f"{address(index.dataset)}index/", {"duplicate_threshold": "0.9"}).status_code == 404
    assert "Build it again" not in client.get(address(index.dataset)).content.decode()
