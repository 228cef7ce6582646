"""POST /visit/tasks/<uuid>/done"""

from annotations.models import Assignment, AssignmentState, EndReason
from tests.actors import Visit
from tests.annotations.views.pages import one, say, shown, task_url, tree


def test_done_ends_the_task_and_goes_on(alice: Visit) -> None:
    say(alice, "red")
    response = alice.client.post(task_url(alice, "done"))
    assert (response.status_code, response["Location"]) == (303, "/visit/end")
    assert Assignment.objects.get().end_reason == EndReason.DONE


def test_done_needs_the_least_phrases(alice: Visit) -> None:
    page = alice.client.get(task_url(alice))
    assert one(page, "form#done button").has_attr("disabled")
    assert "at least 1 phrase" in shown(one(page, "#needed"))
    response = alice.client.post(task_url(alice, "done"))
    assert response.status_code == 409
    assert "at least 1 phrase" in tree(response).text
    assert Assignment.objects.get().state == AssignmentState.ACTIVE


def test_done_twice_is_once(alice: Visit) -> None:
    say(alice, "red")
    for _ in range(2):
        assert alice.client.post(task_url(alice, "done"))["Location"] == "/visit/end"


def test_done_that_knew_less_than_was_said_meanwhile_ends_nothing(alice: Visit) -> None:
    say(alice, "red")
    known = one(alice.client.get(task_url(alice)), "#done [name=n_phrases]")["value"]
    say(alice, "blue")
    assert alice.client.post(task_url(alice, "done"), {"n_phrases": known})["Location"] == task_url(alice)
    assert Assignment.objects.get().state == AssignmentState.ACTIVE
    alice.client.post(task_url(alice, "done"), {"n_phrases": "2"})
    assert Assignment.objects.get().state == AssignmentState.ENDED


def test_nobody_ends_somebody_else_s_task(alice: Visit, bob: Visit) -> None:
    say(alice, "red")
    assert bob.client.post(task_url(alice, "done")).status_code == 404
    assert Assignment.objects.get(pk=alice.assignment.pk).state == AssignmentState.ACTIVE


def test_a_get_does_not_end_it(alice: Visit) -> None:
    assert alice.client.get(task_url(alice, "done")).status_code == 405
    assert Assignment.objects.get().state == AssignmentState.ACTIVE
