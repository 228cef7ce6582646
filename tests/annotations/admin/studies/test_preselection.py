"""From many classes to a study: those whose errors a keyword names, ticked and made tasks of."""

from django.test import Client

from annotations.models import BaseModel, KeywordRanking, Study
from tests.actors import CLASSES, OVAL, SQUARE
from tests.annotations.analysis.studies import store_ranking
from tests.annotations.views.pages import tree


def ranked(base_model: BaseModel, label: int, n_correct: int, n_error: int, score: float, p: float) -> None:
    ranking = store_ranking(base_model, label, "scarlet")
    rows = [{**ranking.rows[0], "error_score": score, "adjusted_p": p}]
    KeywordRanking.objects.filter(pk=ranking.pk).update(rows=rows, n_correct=n_correct, n_error=n_error)


def address(study: Study) -> str:
    return f"/admin/annotations/study/{study.pk}/classes/"


def test_the_least_likely_by_chance_comes_first_and_not_the_largest_of_few(
    coordinator_client: Client, draft_study: Study, base_model: BaseModel
) -> None:
    ranked(base_model, SQUARE, 12, 3, score=1.0, p=0.2)  # few errors: a word separates them by luck
    ranked(base_model, OVAL, 25, 25, score=0.6, p=0.001)
    rows = tree(coordinator_client.get(address(draft_study))).select("tr:has([name=ranked])")
    cells = [[cell.get_text(strip=True) for cell in row.select("th, td")][1:] for row in rows]
    assert cells == [
        ["oval", "50.0%", "50", "25", "scarlet", "0.001", "0.60"],
        ["square", "80.0%", "15", "3", "scarlet", "0.200", "1.00"],
    ]


def test_ticked_classes_become_tasks(coordinator_client: Client, draft_study: Study, base_model: BaseModel) -> None:
    for label in (SQUARE, OVAL):
        ranked(base_model, label, 10, 10, score=0.6, p=0.001)
    draft_study.tasks.all().delete()
    page = tree(coordinator_client.get(address(draft_study)))
    token = page.select("form:has([name=ranked]) input[name=base_model]")[0]["value"]
    sent = {"act": "add_ranked", "base_model": token, "ranked": [CLASSES[OVAL]]}
    answer = coordinator_client.post(address(draft_study), sent, follow=True)
    assert "Added 1 task." in answer.content.decode()
    assert [task.class_name for task in draft_study.tasks.all()] == ["oval"]


def test_ticked_classes_become_a_study_in_one_step(
    coordinator_client: Client, open_study: Study, base_model: BaseModel
) -> None:
    for label in (SQUARE, OVAL):
        ranked(base_model, label, 10, 10, score=0.6, p=0.001)
    page = tree(coordinator_client.get(address(open_study)))
    acts = [button["value"] for button in page.select("form:has([name=ranked]) button")]
    assert acts == ["study_ranked"]  # an open study gets no more tasks
    sent = {"act": "study_ranked", "base_model": base_model.pk, "ranked": [CLASSES[OVAL]]}
    answer = coordinator_client.post(address(open_study), sent)
    draft = Study.objects.get(cloned_from=open_study)
    assert answer["Location"] == f"/admin/annotations/study/{draft.pk}/change/"
    assert (draft.state, draft.slug) == ("draft", f"{open_study.slug}-classes")
    assert [(task.class_name, task.position) for task in draft.tasks.all()] == [("oval", 1)]
    assert open_study.tasks.get().class_name == "square"


def test_too_easy_and_too_hard_classes_are_left_out(
    coordinator_client: Client, draft_study: Study, base_model: BaseModel
) -> None:
    ranked(base_model, SQUARE, 95, 5, score=1.0, p=0.001)
    ranked(base_model, OVAL, 1, 99, score=1.0, p=0.001)
    page = tree(coordinator_client.get(address(draft_study)))
    assert not page.select("[name=ranked]") and "None of its classes is right on 20% to 80%." in page.get_text()


def test_nothing_ticked_is_told(coordinator_client: Client, draft_study: Study, base_model: BaseModel) -> None:
    answer = coordinator_client.post(address(draft_study), {"act": "add_ranked", "base_model": "1"}, follow=True)
    assert "Tick the classes that shall be tasks." in answer.content.decode()
