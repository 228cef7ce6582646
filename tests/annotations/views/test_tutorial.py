"""GET and POST /visit/tutorial"""

from django.test import Client

from annotations.models import AnnotationSession, Assignment, Stage
from tests.actors import Visit
from tests.annotations.views.pages import one, tree


def at_tutorial(visit: Visit) -> Client:
    Assignment.objects.all().delete()
    AnnotationSession.objects.update(stage=Stage.TUTORIAL)
    return visit.client


def test_the_tutorial_shows_right_and_wrong_the_sentence_and_the_score(alice: Visit) -> None:
    response = at_tutorial(alice).get("/visit/tutorial")
    assert response.status_code == 200
    assert [len(grid.select("img")) for grid in tree(response).select(".class-grid")] == [10, 10]
    assert "The AI is often wrong on images that have" in tree(response).text
    assert [meter["aria-valuenow"] for meter in tree(response).select("[role=meter]")] == ["0.80", "0.20"]
    assert one(response, "form#tutorial")


def test_going_on_makes_the_assignments(alice: Visit) -> None:
    response = at_tutorial(alice).post("/visit/tutorial")
    assignment = Assignment.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"/visit/tasks/{assignment.public_id}/")


def test_going_on_twice_makes_them_once(alice: Visit) -> None:
    client = at_tutorial(alice)
    client.post("/visit/tutorial")
    assert client.post("/visit/tutorial").status_code == 303
    assert Assignment.objects.count() == 1


def test_whoever_has_done_it_goes_to_the_task(alice: Visit) -> None:
    assert alice.client.get("/visit/tutorial")["Location"] == f"/visit/tasks/{alice.assignment.public_id}/"
