"""What nobody has named: on the findings pages, and one click makes a study of it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.analysis.concepts.concept_columns import UnnamedRow
from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Role, Study
from annotations.results.staff_pages.unnamed_pictures import share_sentence, shown_unnamed
from tests.support.actors import OVAL, SQUARE
from tests.support.analysis_studies import analyse
from tests.support.correcting import say, study_of_both

pytestmark = pytest.mark.usefixtures("stored_base_model")


@pytest.fixture(scope="module")
def stored_study(stored_base_model: BaseModel) -> Study:
    study = study_of_both(stored_base_model)
    say(study, "ann", {SQUARE: ["mossy"], OVAL: ["dots"]})
    return analyse(study)


@pytest.fixture
def study(db: None, stored_study: Study) -> Study:
    return Study.objects.get(pk=stored_study.pk)


def address(study: Study, page: str) -> str:
    return reverse(f"admin:annotations_study_{page}", args=[study.pk])


def every(**fields: object) -> UnnamedRow:
    usual = {"n": 20, "of_errors": 0.2, "low": 0.13, "high": 0.29, "images": ("a" * 24,) * 20, "of_correct": 0.5}
    told = {"cluster": 0, **usual, **fields}
    return UnnamedRow(task=1, class_name="square", dataset=1, **told)  # type: ignore[arg-type]


def test_the_share_stands_on_both_findings_pages(study: Study, coordinator_client: Client) -> None:
    for page in ("results", "concepts"):
        text = coordinator_client.get(address(study, page)).content.decode()
        assert "Not named yet: no concept selects" in text and "of the wrong images" in text
    assert "Errors that nobody has named yet" in text and "selected by no concept" in text


def test_where_every_wrong_image_is_named_that_is_what_is_said() -> None:
    told = share_sentence(every(n=0, of_errors=0.0, low=0.0, high=0.01, images=()))
    assert told.startswith(
        "Every wrong image is like one of the concepts that people named, and so are 50.0% of the right ones."
    )


def test_one_click_makes_the_study(study: Study, coordinator_client: Client, base_model: BaseModel) -> None:
    assert (
        "Make a study of the errors that nobody has named"
        in coordinator_client.get(address(study, "concepts")).content.decode()
    )
    answer = coordinator_client.post(address(study, "concepts"))
    draft = Study.objects.get(cloned_from=study)
    assert answer["Location"] == reverse("admin:annotations_study_change", args=[draft.pk])
    shown = class_images(draft.tasks.get(position=1).base_model, SQUARE)
    assert 0 < shown.n_error < class_images(base_model, SQUARE).n_error


def test_who_may_not_set_up_studies_makes_none(study: Study) -> None:
    user = User.objects.create_user("kim", is_staff=True)
    study.members.create(user=user, role=Role.ANALYST)
    client = Client()
    client.force_login(user)
    assert "Make a study of" not in client.get(address(study, "concepts")).content.decode()
    assert client.post(address(study, "concepts")).status_code == 404
    assert not Study.objects.exclude(pk=study.pk).exists()


def test_before_the_analysis_it_says_so(base_model: BaseModel, coordinator_client: Client) -> None:
    answer = coordinator_client.post(address(study_of_both(base_model, "another"), "concepts"), follow=True)
    assert "are being computed" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "clusters", "words"),
    [
        ({"n": 4, "images": ("a",) * 4}, 0, "There are too few to look for clusters. At least 10 are needed."),
        ({"silhouette": 0.2, "silhouette_p": 0.4, "likeness": 0.1, "likeness_p": 0.5}, 0, "They show no structure"),
        (
            {"silhouette": 0.2, "silhouette_p": 0.4, "likeness": 0.61, "likeness_p": 0.01},
            1,
            "similarity 0.61, p = 0.01",
        ),
        ({"silhouette": 0.44, "silhouette_p": 0.01}, 2, "They form 2 clusters, further apart"),
        ({"n": 0, "of_errors": 0.0, "images": ()}, 0, ""),
    ],
)
def test_the_page_says_what_was_found(fields: dict[str, object], clusters: int, words: str) -> None:
    rows = [every(**fields)]
    few = {"n": 7, "of_errors": 0.07, "low": 0.03, "high": 0.14, "images": ("b",) * 7, "of_correct": None}
    rows += [every(**few, cluster=number) for number in range(1, clusters + 1)]
    shown = shown_unnamed(rows, "user:1")
    assert shown is not None and words in shown["structure"] and bool(words) == bool(shown["structure"])
    assert len(shown["strips"]) == (clusters or bool(rows[0].n))
    assert all(len(urls) <= 12 for _, urls in shown["strips"])
