"""POST /visit/tasks/<uuid>/done"""

from annotations.models import Assignment, AssignmentState, EndReason, Task
from tests.support.actors import Visit
from tests.support.views_pages import one, say, shown, task_url, tree


def test_done_ends_the_task_and_goes_on(alice: Visit) -> None:
    say(alice, "red")
    response = alice.client.post(task_url(alice, "done"), {"sure": "yes"})
    assert (response.status_code, response["Location"]) == (303, "/visit/end")
    assert Assignment.objects.get().end_reason == EndReason.DONE


def test_done_needs_the_least_phrases(alice: Visit) -> None:
    page = alice.client.get(task_url(alice))
    assert one(page, "form#done button").has_attr("disabled")
    assert "at least 1 phrase" in shown(one(page, "#needed"))
    response = alice.client.post(task_url(alice, "done"), {"sure": "yes"})
    assert response.status_code == 409
    assert "at least 1 phrase" in tree(response).text
    assert Assignment.objects.get().state == AssignmentState.ACTIVE


def test_done_twice_is_once(alice: Visit) -> None:
    say(alice, "red")
    for _ in range(2):
        assert alice.client.post(task_url(alice, "done"), {"sure": "yes"})["Location"] == "/visit/end"


def test_done_that_knew_less_than_was_said_meanwhile_ends_nothing(alice: Visit) -> None:
    say(alice, "red")
    known = one(alice.client.get(task_url(alice)), "#done [name=n_phrases]")["value"]
    say(alice, "blue")
    assert alice.client.post(task_url(alice, "done"), {"n_phrases": known})["Location"] == task_url(alice)
    assert Assignment.objects.get().state == AssignmentState.ACTIVE
    alice.client.post(task_url(alice, "done"), {"n_phrases": "2", "sure": "yes"})
    assert Assignment.objects.get().state == AssignmentState.ENDED


def test_nobody_ends_somebody_else_s_task(alice: Visit, bob: Visit) -> None:
    say(alice, "red")
    assert bob.client.post(task_url(alice, "done"), {"sure": "yes"}).status_code == 404
    assert Assignment.objects.get(pk=alice.assignment.pk).state == AssignmentState.ACTIVE


def test_where_time_and_tries_are_left_it_asks_once(alice: Visit) -> None:
    say(alice, "red")
    response = alice.client.post(task_url(alice, "done"), {"n_phrases": "1"})
    assert (response.status_code, shown(one(response, "h1"))) == (200, "Are you done with these images?")
    assert "You have 19 tries left." in shown(one(response, "main"))
    assert Assignment.objects.get().state == AssignmentState.ACTIVE
    fields = {field["name"]: field["value"] for field in one(response, "form#done").select("input")}
    assert alice.client.post(task_url(alice, "done"), fields)["Location"] == "/visit/end"


def test_after_the_last_try_it_asks_nothing(alice: Visit) -> None:
    Task.objects.update(max_phrases=1)
    say(alice, "red")
    assert "quiet" not in one(alice.client.get(task_url(alice)), "#done .button")["class"]
    assert alice.client.post(task_url(alice, "done"))["Location"] == "/visit/end"


def test_a_get_asks_and_ends_nothing(alice: Visit) -> None:
    assert alice.client.get(task_url(alice, "done"))["Location"] == task_url(alice)
    say(alice, "red")
    assert one(alice.client.get(task_url(alice, "done")), "form#done")
    assert Assignment.objects.get().state == AssignmentState.ACTIVE
    alice.client.post(task_url(alice, "done"), {"sure": "yes"})
    assert alice.client.get(task_url(alice, "done"))["Location"] == "/visit/end"
