"""New study: six fields make a draft; what is wrong is said in words at its field."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotations.models import BaseModel, Rehearsal, Role, Study, StudyMember
from tests.support.actors import OVAL, SQUARE
from tests.support.views_pages import one, tree

ADD = "/admin/annotations/study/add/"


def six(base_model: BaseModel, **changed: object) -> dict[str, Any]:
    usual = {"title": "Squares that go wrong", "quota": 24, "minutes": "10", "reward": "1.80", "then": "draft"}
    return {**usual, "target": f"{base_model.pk}:{SQUARE}", **changed}


def test_six_fields_make_a_draft_that_its_maker_coordinates(
    coordinator_client: Client, coordinator: User, base_model: BaseModel
) -> None:
    response = coordinator_client.post(ADD, six(base_model))
    study, task = Study.objects.get(), Study.objects.get().tasks.get()
    assert response.headers["Location"] == f"/admin/annotations/study/{study.pk}/change/"
    assert (study.state, study.slug, study.quota, study.reward_cents) == ("draft", "squares-that-go-wrong", 24, 180)
    assert (task.base_model, task.target_class, task.time_limit_s) == (base_model, SQUARE, 600)
    assert study.only_verified  # a study that pays lets nobody in whom anybody can invent
    assert study.members.get(user=coordinator).role == Role.COORDINATOR


def test_the_scheme_is_chosen_beside_the_rest(coordinator_client: Client, base_model: BaseModel) -> None:
    assert one(coordinator_client.get(ADD), 'input[name="scheme"][checked]')["value"] == "class_equal"
    wrong = coordinator_client.post(ADD, six(base_model, scheme="mean_slices", quota=0))
    assert one(wrong, 'input[name="scheme"][checked]')["value"] == "mean_slices"
    coordinator_client.post(ADD, six(base_model, scheme="mean_slices"))
    study = Study.objects.get()
    assert study.scheme == "mean_slices"
    page = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/setup/"))
    folded = {fold.select("h2")[0].text: fold.select(".present")[0].text for fold in page.select(".fold")}
    assert folded["Retraining"] == "Images with the phrase, images without it and each other class count alike"
    coordinator_client.post(ADD, six(base_model, scheme="by feeling", title="Another"))
    assert Study.objects.count() == 1


def test_the_draft_can_be_rehearsed_at_once(coordinator_client: Client, base_model: BaseModel) -> None:
    response = coordinator_client.post(ADD, six(base_model, then="rehearse"))
    rehearsal = Rehearsal.objects.get()
    assert response.headers["Location"] == f"/admin/annotations/study/{rehearsal.study_id}/rehearsal/"


@pytest.mark.parametrize("title", ["", "Images of oval that go wrong"], ids=["empty", "of the class chosen before"])
def test_without_a_title_it_is_called_after_the_class(
    coordinator_client: Client, base_model: BaseModel, title: str
) -> None:
    shown = coordinator_client.get(ADD, {"model": base_model.pk, "class": OVAL})
    assert one(shown, "#id_title")["value"] == "Images of oval that go wrong"  # nobody needs to type one
    coordinator_client.post(ADD, six(base_model, title=title))
    study = Study.objects.get()
    assert (study.title, study.slug) == ("Images of square that go wrong", "images-of-square-that-go-wrong")


@pytest.mark.parametrize(("reward", "is_low"), [("2.30", False), ("1.80", True), ("", False)])
def test_pay_below_the_least_an_hour_is_said_where_it_is_stored(
    coordinator_client: Client, base_model: BaseModel, reward: str, is_low: bool
) -> None:
    page = tree(coordinator_client.post(ADD, six(base_model, reward=reward), follow=True))
    warned = [each.text for each in page.select(".messagelist .warning") if "less than 9.00 GBP" in each.text]
    assert (len(warned), len(page.select(".facts .low"))) == (is_low, is_low)


def test_two_studies_of_one_title_have_two_links(coordinator_client: Client, base_model: BaseModel) -> None:
    for _ in range(3):
        coordinator_client.post(ADD, six(base_model))
    slugs = set(Study.objects.values_list("slug", flat=True))
    assert slugs == {"squares-that-go-wrong", "squares-that-go-wrong-2", "squares-that-go-wrong-3"}


def test_a_title_without_a_letter_has_a_link_too(coordinator_client: Client, base_model: BaseModel) -> None:
    coordinator_client.post(ADD, six(base_model, title="???"))
    assert Study.objects.get().slug == "study"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"minutes": "0.1"}, "Give from half a minute to 120 minutes"),
        ({"minutes": "500"}, "Give from half a minute to 120 minutes"),
        ({"target": ""}, "Choose the class whose mistakes people look at."),
        ({"target": "1:9"}, "This class is not here any more."),
        ({"target": "x:y"}, "This class is not here any more."),
        ({"reward": "1.805"}, "no more than 2 decimal places"),
        ({"quota": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    coordinator_client: Client, base_model: BaseModel, wrong: dict[str, str], said: str
) -> None:
    response = coordinator_client.post(ADD, six(base_model, **wrong))
    page = response.content.decode()
    assert response.status_code == 200 and said in page and "Constraint" not in page
    assert not Study.objects.exists()


def test_each_class_is_shown_with_right_and_wrong_images_and_their_numbers(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    page = coordinator_client.get(ADD)
    cards = tree(page).select(f'[data-model="{base_model.pk}"] .card')
    assert next(card.select("input")[0]["value"] for card in cards) == f"{base_model.pk}:{SQUARE}"  # the worst first
    for card in cards:
        assert card.select(".sides img") and "right" in card.text and "wrong" in card.text
    assert one(page, f'input[value="{base_model.pk}:{SQUARE}"]').has_attr("checked")
    assert ["most often wrong" in card.text for card in cards] == [True, False]  # why it is chosen
    assert "9 wrong, 37.5%" in cards[0].text


def test_the_page_of_the_images_leads_to_their_class(coordinator_client: Client, base_model: BaseModel) -> None:
    page = coordinator_client.get(ADD, {"model": base_model.pk, "class": OVAL})
    assert one(page, f'input[value="{base_model.pk}:{OVAL}"]').has_attr("checked")


def test_without_a_model_the_page_leads_to_the_import(coordinator_client: Client) -> None:
    page = coordinator_client.get(ADD).content.decode()
    assert "There is no model with right and wrong images yet." in page and "disabled" in page


def test_an_analyst_sets_nothing_up(client: Client, draft_study: Study, base_model: BaseModel) -> None:
    analyst = User.objects.create_user("analyst", is_staff=True)
    StudyMember.objects.create(study=draft_study, user=analyst, role=Role.ANALYST)
    client.force_login(analyst)
    assert client.post(ADD, six(base_model)).status_code == 403
    assert Study.objects.count() == 1


def test_the_set_up_folds_by_topic_with_what_each_holds(coordinator_client: Client, draft_study: Study) -> None:
    page = coordinator_client.get(f"/admin/annotations/study/{draft_study.pk}/setup/")
    folded = {fold.select("h2")[0].text: fold.select(".present")[0].text for fold in tree(page).select(".fold")}
    assert folded["Questions"] == "Check after the tutorial · none at the end"
    assert "Study of" not in folded and len(folded) > 8


def test_a_section_with_a_mistake_is_not_folded(coordinator_client: Client, draft_study: Study) -> None:
    address = f"/admin/annotations/study/{draft_study.pk}/setup/"
    page = coordinator_client.post(address, {"seen_revision": 0, "title": "Squares", "retention_days": "soon"})
    titles = [fold.select("h2")[0].text for fold in tree(page).select(".fold")]
    assert ("Privacy" not in titles and "Alarms" in titles) or "Questions" in titles
