"""GET /visit/tasks/<uuid>/"""

import datetime as dt
import uuid

from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.base.data_store.folder_store import FolderStore
from annotations.models import Assignment, AssignmentState, EndReason, Event, Phrase, Score, Task, event_kinds
from annotations.phrases import assignments
from tests.support import actors
from tests.support.actors import Visit
from tests.support.steps import submit_and_score
from tests.support.views_pages import one, say, shown, task_url, tree
from worker.phrases.scoring import score_due_phrases


def pass_deadline(visit: Visit) -> None:
    started = timezone.now() - dt.timedelta(hours=1)
    deadline = started + dt.timedelta(minutes=10)
    Assignment.objects.filter(pk=visit.assignment.pk).update(
        started_at=started, first_deadline_at=deadline, deadline_at=deadline
    )


def test_right_and_wrong_images_stand_side_by_side_with_their_counts(alice: Visit) -> None:
    response = alice.client.get(task_url(alice))
    assert shown(one(response, "#right-images .count")) == "15 images"
    assert shown(one(response, "#wrong-images .count:not(.said)")) == "9 images"
    assert len(tree(response).select("#right-images img")) == 15
    assert "square" in shown(one(response, "h1"))


def test_beside_weaker_words_the_page_says_that_the_best_ones_let_a_person_stop(alice: Visit) -> None:
    submit_and_score(alice, "red")
    page = alice.client.get(task_url(alice))
    assert shown(one(page, ".next-step")) == "You can stop here."  # no mistake is left without them
    assert "stop here" not in shown(one(page, "#progress"))
    submit_and_score(alice, "blue")
    said = shown(one(alice.client.get(task_url(alice)), "#progress"))
    assert said.startswith("Your best words explain the mistakes well, so you can stop here.")


def test_no_address_or_alternative_text_gives_the_answer_away(alice: Visit) -> None:
    for image in tree(alice.client.get(task_url(alice))).select(".class-grid img"):
        assert "blue" not in str(image)
        assert "red" not in str(image).replace("data-", "")


def test_the_time_left_is_the_server_s(stopped_clock: None, alice: Visit) -> None:
    assert float(str(one(alice.client.get(task_url(alice)), "#timer")["data-seconds-left"])) == 600


def test_before_the_start_the_clock_stands_and_the_task_is_loaded_out_of_reach(alice: Visit) -> None:
    Assignment.objects.update(state=AssignmentState.WAITING, started_at=None, first_deadline_at=None, deadline_at=None)
    response = alice.client.get(task_url(alice))
    assert one(response, "form#begin")
    assert not tree(response).select("form#phrase, #timer, script[src$='task.js'], [inert] #begin")
    waiting = [image["src"] for image in tree(response).select("#layout[inert] .class-grid img")]
    assert not Event.objects.filter(kind=event_kinds.SCREEN_SHOWN).exists(), "nobody has seen them yet"
    started = alice.client.post(task_url(alice, "begin"))
    assert (started.status_code, started["Location"]) == (303, task_url(alice))
    running = alice.client.get(task_url(alice))
    assert one(running, "form#phrase") and not tree(running).select("[inert]")
    assert waiting and waiting == [image["src"] for image in tree(running).select(".class-grid img")]


def test_beginning_twice_starts_one_clock(alice: Visit) -> None:
    before = Assignment.objects.get().deadline_at
    assert alice.client.post(task_url(alice, "begin")).status_code == 303
    assert Assignment.objects.get().deadline_at == before


def test_after_the_deadline_the_page_says_so_and_leads_on(alice: Visit) -> None:
    pass_deadline(alice)
    response = alice.client.get(task_url(alice))
    assert "Time is over" in shown(one(response, "h1"))
    assert one(response, "form#done")
    alice.client.post(task_url(alice, "done"), {"sure": "yes"})
    assert Assignment.objects.get().end_reason == EndReason.TIME_OVER


def test_an_ended_task_sends_on(alice: Visit) -> None:
    pass_deadline(alice)
    assignments.end_overdue(timezone.now())
    assert alice.client.get(task_url(alice))["Location"] == "/visit/end"


def test_the_next_task_says_that_time_was_over(alice: Visit) -> None:
    task = Task.objects.create(
        study=alice.session.study, base_model=alice.assignment.task.base_model, target_class=actors.OVAL, position=2
    )
    following = Assignment.objects.create(session=alice.session, task=task, position=2)
    pass_deadline(alice)
    response = alice.client.post(task_url(alice, "done"), {"sure": "yes"}, follow=True)
    assert response.redirect_chain == [(f"/visit/tasks/{following.public_id}/", 303)]
    assert "The time for the last images ran out" in tree(response).text


def test_a_get_changes_nothing_but_the_log_of_what_was_shown(alice: Visit) -> None:
    happened = Event.objects.exclude(kind=event_kinds.SCREEN_SHOWN)
    before = (happened.count(), Assignment.objects.get().deadline_at, Phrase.objects.count())
    for query in ("", "?right=3&wrong=1", f"?phrase={uuid.uuid4()}"):
        assert alice.client.get(task_url(alice) + query).status_code == 200
    assert (happened.count(), Assignment.objects.get().deadline_at, Phrase.objects.count()) == before


def test_nonsense_in_the_address_is_as_good_as_nothing(alice: Visit) -> None:
    for query in ("?right=-1", "?right=x&wrong=999999999999", "?phrase=nope", "?right=²"):
        assert alice.client.get(task_url(alice) + query).status_code == 200


def test_history_lists_every_phrase_and_marks_the_best(alice: Visit) -> None:
    for text in ("blue", "red"):
        say(alice, text)
    score_due_phrases()
    response = alice.client.get(task_url(alice))
    lines = tree(response).select("#history li")
    assert [line.select_one("bdi").text for line in lines] == ["blue", "red"]  # type: ignore[union-attr]
    assert [line.get("class") for line in lines] == [None, ["best"]]
    restored = alice.client.get(task_url(alice) + str(lines[0].a["href"]))  # type: ignore[index]
    assert one(restored, "#answer")["data-text"] == one(restored, "#text")["value"] == "blue"


def test_a_page_with_many_phrases_asks_the_database_no_more(alice: Visit) -> None:
    say(alice, "red")
    score_due_phrases()
    with CaptureQueriesContext(
        connection,
    ) as few:
        alice.client.get(task_url(alice))
    for number in range(6):
        say(alice, f"red {number}")
    score_due_phrases()
    with CaptureQueriesContext(connection) as many:
        alice.client.get(task_url(alice))
    assert len(many) == len(few) <= 13


def test_a_stranger_finds_nothing(alice: Visit, client: Client) -> None:
    assert client.get(task_url(alice)).status_code == 404


def test_pages_of_a_visit_are_never_stored(alice: Visit) -> None:
    assert "no-store" in alice.client.get(task_url(alice))["Cache-Control"]


def test_a_page_weighs_little(alice: Visit) -> None:
    say(alice, "red")
    score_due_phrases()
    assert len(alice.client.get(task_url(alice)).content) < 60_000


def test_which_images_are_wrong_is_read_once_and_kept(alice: Visit, own_store: FolderStore) -> None:
    alice.client.get(task_url(alice))
    for digest in list(own_store.put_before(4e9)):
        own_store.remove(digest, 4e9)
    say(alice, "red", client_uuid := uuid.uuid4(), fragment=True)
    assert alice.client.get(task_url(alice)).status_code == 200
    assert alice.client.get(task_url(alice, f"phrases/{client_uuid}")).status_code == 204  # no score yet
    alice.client.post(task_url(alice, "done"), {"sure": "yes"})
    assert alice.client.get("/visit/end").status_code == 200


def test_the_way_to_withdraw_is_at_the_foot_before_and_during_a_task(alice: Visit) -> None:
    assert one(alice.client.get(task_url(alice)), ".withdraw a")["href"] == "/visit/withdraw"
    Assignment.objects.update(state="waiting", started_at=None, first_deadline_at=None, deadline_at=None)
    assert one(alice.client.get(task_url(alice)), ".withdraw a")["href"] == "/visit/withdraw"


def test_a_task_without_a_time_limit_has_no_clock(alice: Visit) -> None:
    Task.objects.update(time_limit_s=None)
    Assignment.objects.update(state="waiting", started_at=None, first_deadline_at=None, deadline_at=None)
    begin = alice.client.get(task_url(alice))
    assert shown(tree(begin).select("dl.facts dd")[0]) == "as long as you like"
    assert shown(one(begin, "#begin button")) == "Start"
    alice.client.post(task_url(alice, "begin"))
    assert not tree(alice.client.get(task_url(alice))).select("#timer")


def test_words_no_better_than_guessing_are_not_marked_as_the_best(alice: Visit) -> None:
    submit_and_score(alice, "red")
    assert tree(alice.client.get(task_url(alice))).select("#history .best")
    Score.objects.update(value=F("guessing_level"))
    assert not tree(alice.client.get(task_url(alice))).select("#history .best")
