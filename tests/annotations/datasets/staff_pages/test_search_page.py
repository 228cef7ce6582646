"""The page that searches a data set's images, and the near-duplicates on the data set's own page."""

from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.models import BaseModel, Dataset, ImageIndex, ImageSearch, JobState, Pool
from annotations.models.arrays import pack_int32

PAIRS = {"n_evaluation": 96, "n_looked_at": 96, "n_images": 1, "n_pairs": 3, "pairs": [[150, 4, 0.99123]]}

LIKENESS = {"limit": 0.991234, "n_looked_at": 96, "n_above": [[0.95, 60], [0.991234, 1]]}


@pytest.fixture
def index(sprites_like: Dataset) -> ImageIndex:
    return ImageIndex.objects.create(
        dataset=sprites_like,
        state=JobState.DONE,
        finished_at=timezone.now(),
        directory="x",
        kind="flat",
        duplicate_threshold=0.98,
        likeness=LIKENESS,
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


def test_without_a_limit_the_images_give_it_and_the_page_says_how_many_it_would_declare(
    coordinator_client: Client, index: ImageIndex
) -> None:
    coordinator_client.post(f"{address(index.dataset)}index/", {"duplicate_threshold": ""})
    assert ImageIndex.objects.get(state=JobState.PENDING).duplicate_threshold is None
    words = " ".join(soup(coordinator_client.get(address(index.dataset))).text.split())
    assert (
        "is 0.991234: at most about one in a hundred different images is above it." in words
        and "Near-duplicates are more similar than 0.98." in words
    )
    assert "Of 96 validation and test images, this many have another image of the data set above a limit" in words
    assert "60 above 0.95, 1 above 0.991234. Copies" in words


@pytest.mark.parametrize("threshold", ["1", "2", "nan", "much"])
def test_a_threshold_that_is_none_builds_nothing(
    coordinator_client: Client, sprites_like: Dataset, threshold: str
) -> None:
    answer = coordinator_client.post(f"{address(sprites_like)}index/", {"duplicate_threshold": threshold}, follow=True)
    assert "must be a number from 0 to 0.9999, or empty" in answer.content.decode()
    assert not ImageIndex.objects.exists()


def test_why_a_build_failed_stands_there(coordinator_client: Client, sprites_like: Dataset) -> None:
    failed = {"state": JobState.FAILED, "finished_at": timezone.now(), "error": "The disk is full."}
    ImageIndex.objects.create(dataset=sprites_like, requested_by="ada", **failed)
    assert "The disk is full." in coordinator_client.get(address(sprites_like)).content.decode()


def test_a_search_waits_for_a_worker_and_then_shows_images_with_similarities(
    coordinator_client: Client, index: ImageIndex
) -> None:
    of = index.dataset_id
    marked = {f"row_{of}_5": "+", f"row_{of}_60": "-", f"row_{of}_9": ""}
    answer = coordinator_client.post(address(index.dataset), {"words": "red", **marked})
    search = ImageSearch.objects.get()
    assert (search.words, search.like, search.unlike) == ("red", [[of, 5]], [[of, 60]])
    assert answer.headers["Location"] == f"{address(index.dataset)}?search={search.pk}"
    waiting = coordinator_client.get(answer.headers["Location"])
    assert "Searching" in waiting.content.decode() and 'data-live="1"' in waiting.content.decode()
    finish(search)
    page = soup(coordinator_client.get(answer.headers["Location"]))
    assert page.select_one("[data-live]") is None
    assert [cell.select("span")[1].text for cell in page.select(".example")[2:]] == ["0.312", "0.250"]
    assert page.select_one('[name="words"]')["value"] == "red"
    checked = [field["name"] for field in page.select("input[checked]") if field["value"]]
    assert checked == [f"row_{of}_5", f"row_{of}_60"]
    image = page.select(".example img")[2]["src"]
    assert coordinator_client.get(image).status_code == 200


def test_before_the_first_search_there_are_images_to_choose_from(coordinator_client: Client, index: ImageIndex) -> None:
    assert len(soup(coordinator_client.get(address(index.dataset))).select(".example img")) == 24


def test_each_image_says_its_class_and_whether_the_chosen_model_is_right(
    coordinator_client: Client, index: ImageIndex, base_model: BaseModel
) -> None:
    dataset, names = index.dataset, index.dataset.class_names
    said, labels = base_model.predicted, dataset.files.labels
    sides = (said == labels, (said != labels) & (said != BaseModel.NO_PREDICTION), said == BaseModel.NO_PREDICTION)
    rows = [int(np.flatnonzero(side)[0]) for side in sides]
    newest = BaseModel.objects.get(pk=base_model.pk)
    newest.pk, newest.name, newest.predictions = None, "always wrong", pack_int32((1 - labels).astype(np.int32))
    newest.save()

    def marks(model: BaseModel) -> list[str]:
        answer = coordinator_client.post(address(dataset), {"words": "red", "model": model.pk})
        finish(ImageSearch.objects.latest("pk"), rows=rows, similarities=[0.75, 0.5, 0.25])
        page = soup(coordinator_client.get(answer.headers["Location"]))
        assert page.select_one('input[name="model"]')["value"] == str(model.pk)
        return [
            " ".join(span.text for span in each.find_all("span", recursive=False)[:-2])
            for each in page.select(".example")
        ]

    of = [names[labels[row]] for row in rows]
    others = [names[1 - labels[row]] for row in rows]
    assert marks(base_model) == [f"{of[0]} ✓ right", f"{of[1]} ✕ said {others[1]}", of[2]]
    assert marks(newest) == [f"{name} ✕ said {other}" for name, other in zip(of, others, strict=True)]


def test_images_that_were_found_in_a_pool_are_examples_like_those_of_the_data_set(
    coordinator_client: Client, index: ImageIndex
) -> None:
    pool = a_pool_of(index)
    assert pool.dataset is not None
    coordinator_client.post(address(index.dataset), {"words": "red", "searched_in": pool.dataset_id})
    finish(ImageSearch.objects.get(), rows=[7, 8])
    page = soup(coordinator_client.get(f"{address(index.dataset)}?search={ImageSearch.objects.get().pk}"))
    first, second = page.select(".example")
    assert "more like this" in first.text and "less like this" in first.text
    names = [each.select_one("input")["name"] for each in (first, second)]
    assert names == [f"row_{pool.dataset_id}_{row}" for row in (7, 8)]
    marked = {names[0]: "+", names[1]: "-", f"row_{index.dataset_id}_5": "+"}
    coordinator_client.post(address(index.dataset), marked)  # in the data set itself
    search = ImageSearch.objects.latest("pk")
    assert search.like == [[pool.dataset_id, 7], [index.dataset_id, 5]] and search.unlike == [[pool.dataset_id, 8]]
    finish(search)
    page = soup(coordinator_client.get(f"{address(index.dataset)}?search={search.pk}"))
    checked = [field["name"] for field in page.select("input[checked]") if field["value"]]
    assert checked == [names[0], f"row_{index.dataset_id}_5", names[1]]
    ImageIndex.objects.filter(dataset=pool.dataset).delete()  # as of a pool that nobody can search
    assert coordinator_client.post(address(index.dataset), marked).status_code == 400


def a_pool_of(index: ImageIndex) -> Pool:
    """A pool with the same images, which can be searched."""
    dataset = Dataset.objects.get(pk=index.dataset_id)
    dataset.pk, dataset.version, dataset.name = None, 1, "drawings"
    dataset.save()
    ImageIndex.objects.create(
        dataset=dataset,
        state=JobState.DONE,
        finished_at=timezone.now(),
        directory="x",
        kind="flat",
        duplicate_threshold=0.9,
        requested_by="ada",
    )
    done = {"state": JobState.DONE, "finished_at": timezone.now(), "requested_by": "ada"}
    return Pool.objects.create(name="drawings", folder="/x", encoder="x", dataset=dataset, **done)


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


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"words": " "},
        {"words": "a" * 201},
        {"words": 201 * "e\u0301"},
        {"words": "a" + " " * 800 + "a"},
        {"words": "a\u200bb"},
        {"row_{}_3": "-"},
        {"words": "red", "row_{}_9999": "+"},
        {"row_0_3": "+"},
    ],
)
def test_what_cannot_be_searched_is_refused_on_the_page(
    coordinator_client: Client, index: ImageIndex, given: dict[str, str]
) -> None:
    marked = {name.format(index.dataset_id): value for name, value in given.items()}
    answer = coordinator_client.post(address(index.dataset), marked)
    assert answer.status_code == 400
    assert soup(answer).select_one('[role="alert"]').text
    assert not ImageSearch.objects.exists()


def test_words_are_composed_before_their_characters_are_counted(coordinator_client: Client, index: ImageIndex) -> None:
    coordinator_client.post(address(index.dataset), {"words": 200 * "e\u0301"})
    assert ImageSearch.objects.get().words == 200 * "\u00e9"


def test_rows_that_are_no_numbers_are_no_examples(coordinator_client: Client, index: ImageIndex) -> None:
    coordinator_client.post(address(index.dataset), {"words": "red", "row_x": "+", "row_1": "+", "row_1_²": "+"})
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
