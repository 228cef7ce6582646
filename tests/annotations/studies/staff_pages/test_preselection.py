"""From many classes to a study: those whose errors a keyword names, ticked and made tasks of."""

from django.test import Client

from annotations.models import BaseModel, KeywordRanking, Study
from tests.support.actors import CLASSES, OVAL, SQUARE
from tests.support.analysis_studies import store_ranking
from tests.support.views_pages import tree


def ranked(
    base_model: BaseModel,
    label: int,
    n_correct: int,
    n_error: int,
    score: float,
    p: float | None,
    null: float | None = 0.4,
) -> None:
    ranking = store_ranking(base_model, label, "scarlet")
    rows = [{**ranking.rows[0], "error_score": score, "p_of_list": p, "null_level": null}]
    KeywordRanking.objects.filter(pk=ranking.pk).update(rows=rows, n_correct=n_correct, n_error=n_error)


def address(base_model: BaseModel) -> str:
    return f"/admin/annotations/study/ranking/{base_model.pk}/"


def test_the_farthest_beyond_unrelated_words_comes_first_and_not_the_largest_of_few(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    # Few errors: a word separates them by luck. Its list was ranked before null levels were kept.
    ranked(base_model, SQUARE, 12, 3, score=1.0, p=None, null=None)
    ranked(base_model, OVAL, 25, 25, score=0.6, p=0.001)
    rows = tree(coordinator_client.get(address(base_model))).select("tr:has([name=ranked])")
    cells = [[cell.get_text(strip=True) for cell in row.select("th, td")][1:] for row in rows]
    assert cells == [
        ["oval", "50.0%", "50", "25", "scarlet", "0.001", "0.60", "0.40"],
        ["square", "80.0%", "15", "3", "scarlet", "–", "1.00", "–"],
    ]


def test_ticked_classes_become_a_study_in_one_step(coordinator_client: Client, base_model: BaseModel) -> None:
    for label in (SQUARE, OVAL):
        ranked(base_model, label, 10, 10, score=0.6, p=0.001)
    places = (f"/admin/annotations/basemodel/{base_model.pk}/change/", "/admin/annotations/study/add/")
    assert {
        str(each["href"])
        for place in places
        for each in tree(coordinator_client.get(place)).select("a")
        if each.get_text() == "Which classes are worth a study?"
    } == {address(base_model)}
    page = tree(coordinator_client.get(address(base_model)))
    assert page.get_text().count("Unrelated words have nothing to do with the errors") == 1
    answer = coordinator_client.post(address(base_model), {"ranked": [CLASSES[OVAL]]})
    draft = Study.objects.get()
    assert answer["Location"] == f"/admin/annotations/study/{draft.pk}/change/"
    assert (draft.state, draft.title) == ("draft", f"Chosen classes of {base_model.dataset.name}")
    assert [(task.class_name, task.position) for task in draft.tasks.all()] == [("oval", 1)]
    assert coordinator_client.get(answer["Location"]).status_code == 200


def test_a_class_that_is_gone_makes_no_study(coordinator_client: Client, base_model: BaseModel) -> None:
    answer = coordinator_client.post(address(base_model), {"ranked": ["circle"]}, follow=True)
    assert "has no class “circle”" in answer.content.decode() and not Study.objects.exists()
    answer = coordinator_client.post(address(base_model), follow=True)
    assert "Tick the classes that shall be tasks." in answer.content.decode()
    assert "No list of keywords is ranked on several of its classes yet." in answer.content.decode()


def test_too_easy_and_too_hard_classes_are_left_out(coordinator_client: Client, base_model: BaseModel) -> None:
    ranked(base_model, SQUARE, 95, 5, score=1.0, p=0.001)
    ranked(base_model, OVAL, 1, 99, score=1.0, p=0.001)
    page = tree(coordinator_client.get(address(base_model)))
    assert not page.select("[name=ranked]") and "None of its classes is right on 20% to 80%." in page.get_text()
