"""What a person's words did, on the last page and on the page to come back to."""

import re
from collections.abc import Callable
from dataclasses import asdict

import pytest
from django.test import Client

from annotations.log import withdrawal_keys
from annotations.models import AnnotationSession, BaseModel, Condition, Event, Run, RunState, Study
from annotations.phrases import assignments
from annotations.runs import retraining
from annotations.studies import lifecycle
from annotations.visits import erasure, retention, sessions
from annotations.visits.web.return_page import return_path
from annotations.visits.withdrawal import withdraw
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.retraining.slice_effects import SliceEffect
from tests.support import actors
from tests.support.actors import Visit
from tests.support.steps import end, move_clock, submit_and_score
from tests.support.views_pages import one, shown, tree
from worker.runs.gain_intervals import measure_missing_intervals
from worker.runs.run_training import train_due_runs


def effect_of(client: Client, url: str = "/visit/end") -> str:
    return " ".join(shown(one(client.get(url), "#effects")).split())


def trained() -> None:
    train_due_runs()
    measure_missing_intervals()


def set_effect(n: int, before: int, control: int, after: int, loss: dict[str, int] | None = None) -> None:
    """Let the worker have counted this; one retrained model gets all right that the other does."""
    effect = SliceEffect(n, before, control, after, gained=max(after - control, 0), lost=max(control - after, 0))
    Run.objects.update(effect={"counts": asdict(effect), "pictures": [], "lost": loss})


def finish(visit: Visit, *texts: str) -> Visit:
    Study.objects.update(show_effect=True)
    submit_and_score(visit, *texts)
    end(visit)
    visit.client.post("/visit/end")
    return visit


@pytest.fixture
def finished(alice: Visit) -> Visit:
    """Alice, whose words are not trained yet."""
    return finish(alice, "red", "blue")


def return_url(visit: Visit) -> str:
    return str(one(visit.client.get("/visit/end"), "#return-link")["href"]).removeprefix("http://testserver")


def test_code_and_pay_stand_there_before_anything_is_trained(finished: Visit) -> None:
    page = finished.client.get("/visit/end")
    assert shown(one(page, "#completion-code")) == "C0DE1234"
    assert "We are training a copy" in effect_of(finished.client)
    assert not finished.session.effect_seen_at


def test_nobody_is_led_away_from_the_answer(finished: Visit) -> None:
    assert "Refresh" not in finished.client.get("/visit/end?leaving=1")


def test_the_page_says_what_the_worker_counted_and_shows_the_same_pictures_twice(finished: Visit) -> None:
    trained()
    run = Run.objects.get(scores__phrase__text="red")
    assert run.effect
    counts, page = run.effect["counts"], finished.client.get("/visit/end")
    assert counts["n"] < 100
    assert (
        f"We trained a copy of the AI with red. Of {counts['n']} test images like that it gets "
        f"{counts['after']} right. "
        f"Before: {counts['before']}. A copy trained without your words: {counts['control']}."
    ) in effect_of(finished.client)
    before, after = tree(page).select(".before-after .pictures")
    addresses = [[str(image["src"]) for image in each.select("img")] for each in (before, after)]
    assert addresses[0] == addresses[1] and len(addresses[0]) == len(run.effect["pictures"]) > 0
    for each, column in ((before, 1), (after, 2)):
        wrong = [row[column] != run.target_class for row in run.effect["pictures"]]
        assert ["is-wrong" in li["class"] for li in each.select("li")] == wrong
        assert ["the AI was wrong" in str(image["alt"]) for image in each.select("img")] == wrong
    assert finished.client.get(addresses[0][0]).status_code == 200


def test_in_german_the_answer_is_german(finished: Visit) -> None:
    trained()
    page = finished.client.get("/visit/end", headers={"Accept-Language": "de"})
    assert "Wir haben eine Kopie der KI mit red trainiert. Von" in " ".join(shown(one(page, "#effects")).split())
    assert "Ihre Daten" in [shown(heading) for heading in tree(page).select("main h2")]


def test_code_and_pay_stand_there_while_the_data_sets_files_are_away(
    finished: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained()

    def away(*_: object) -> None:
        raise BadDataset("its files are away")

    monkeypatch.setattr("annotations.visits.word_effects.pictures_of", away)
    assert shown(one(finished.client.get("/visit/end"), "#completion-code")) == "C0DE1234"
    assert "We are training a copy" in effect_of(finished.client)


def test_when_somebody_first_saw_it_is_stored_and_logged_once(finished: Visit) -> None:
    trained()
    for _ in range(2):
        finished.client.get("/visit/end")
    seen_at = AnnotationSession.objects.get().effect_seen_at
    event = Event.objects.get(kind="effect_seen")
    (row,) = event.payload["changed_rows"]["session"].values()
    assert seen_at and row["effect_seen_at"].startswith(seen_at.isoformat()[:19])


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((60, 12, 20, 41), "Your words helped"),
        ((60, 12, 20, 22), "too few test images to tell"),
        ((5, 0, 0, 5), "too few test images to tell"),
        ((60, 12, 40, 20), "This time your words did not help"),
        ((60, 50, 20, 41), "This time your words did not help"),  # worse than before
    ],
)
def test_words_are_said_to_have_helped_only_beyond_noise(
    finished: Visit, counts: tuple[int, int, int, int], says: str
) -> None:
    trained()
    set_effect(*counts)
    assert says in effect_of(finished.client)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((13, 2, 4, 8), "Of 13 test images like that it gets 8 right. Before: 2."),
        ((1, 0, 0, 1), "Of 1 test image like that it gets 1 right."),
        ((99, 20, 30, 40), "Of 99 test images like that it gets 40 right."),
        ((400, 100, 148, 250), "Of 100 test images like that it gets 63 right. Before: 25."),
        ((400, 100, 101, 250), "Of 400 test images like that it gets 250 right. Before: 100."),  # 25 and 25
    ],
)
def test_counts_are_as_they_are_and_of_100_only_from_100(
    finished: Visit, counts: tuple[int, int, int, int], says: str
) -> None:
    trained()
    set_effect(*counts)
    assert says in effect_of(finished.client)


def test_what_got_worse_is_in_the_same_answer(finished: Visit) -> None:
    trained()
    set_effect(60, 12, 20, 41, loss={"group": 2, "n": 12, "before": 11, "after": 9})
    assert "It got worse on other images, most on oval, blue: from 11 to 9 of 12." in effect_of(finished.client)
    set_effect(60, 12, 20, 41)
    assert "It got worse on none of the kinds of image that we count." in effect_of(finished.client)


def test_no_test_image_like_that_is_said(finished: Visit) -> None:
    trained()
    set_effect(0, 0, 0, 0)
    assert "No test image is like that" in effect_of(finished.client)


def test_a_refused_retraining_is_said_kindly(finished: Visit) -> None:
    Run.objects.update(min_slice_size=1000)
    trained()
    assert Run.objects.filter(state=RunState.REFUSED).exists()
    assert "Almost all of the images it learns from are like that, or almost none" in effect_of(finished.client)


def test_a_failed_retraining_is_not_the_persons_fault(finished: Visit) -> None:
    for run in Run.objects.filter(state=RunState.PENDING):
        retraining.fail(run, "the disk is full")
    assert "That is not because of your words." in effect_of(finished.client)
    assert "disk" not in effect_of(finished.client)


def test_without_words_that_explain_anything_nothing_was_trained(alice: Visit) -> None:
    finish(alice, "blue")
    assert "You found no words that explain these mistakes" in effect_of(alice.client)


def test_before_finish_nothing_is_shown(alice: Visit) -> None:
    Study.objects.update(show_effect=True)
    submit_and_score(alice, "red")
    end(alice)
    trained()
    assert not tree(alice.client.get("/visit/end")).select("#effects")


def test_of_several_classes_nothing_is_shown_until_the_whole_visit_is_finished(base_model: BaseModel) -> None:
    study = actors.create_study(base_model, show_effect=True, comprehension_check=False)
    study.tasks.create(position=2, base_model=base_model, target_class=actors.OVAL)
    visit = enter(study)
    submit_and_score(visit, "red")
    end(visit)
    trained()
    assert "test images like that" not in visit.client.get("/visit/end", follow=True).content.decode()
    move_clock(assignments.start(visit.session.assignments.get(position=2)), 10_000)
    visit.client.post("/visit/end")
    headings = [shown(each).strip() for each in tree(visit.client.get("/visit/end")).select("#effects h2")]
    assert headings == ["square", "oval"]
    assert "You found no words" in effect_of(visit.client) and "with red" in effect_of(visit.client)


def enter(study: Study) -> Visit:
    actors.open_study(study)
    session = sessions.enter(study, participant_id="ann", study_id="s", session_id="v")
    actors.do_tutorial(sessions.give_consent(session))
    assignment = assignments.start(session.assignments.earliest("position"))
    return Visit(session, assignment, actors.client_of(session), {})


@pytest.mark.parametrize(
    ("study_says", "condition", "is_shown"),
    [(True, {}, True), (False, {}, False), (True, {"show_effect": False}, False), (False, {"show_effect": True}, True)],
)
def test_it_is_shown_by_the_condition_and_without_one_by_the_study(
    base_model: BaseModel, study_says: bool, condition: dict[str, bool], is_shown: bool
) -> None:
    study = actors.create_study(base_model, show_effect=study_says, comprehension_check=False)
    if condition:
        Condition.objects.create(study=study, name="the condition", **condition)
    visit = enter(study)
    submit_and_score(visit, "red")
    end(visit)
    visit.client.post("/visit/end")
    page = visit.client.get("/visit/end")
    assert bool(tree(page).select("#effects")) is is_shown
    assert ("see later what your words did" in page.content.decode()) is is_shown


# -- The page to come back to ------------------------------------------------------------------------------------------


def test_a_script_that_knows_as_much_is_answered_with_nothing(finished: Visit) -> None:
    url = str(one(finished.client.get("/visit/end"), "#effects")["data-url"])
    assert finished.client.get(url).status_code == 204
    trained()
    page = finished.client.get(url)
    assert page.status_code == 200 and "test images like that" in shown(one(page, "#effects"))
    assert not one(page, "#effects").has_attr("data-url")


def test_the_link_shows_it_on_another_device_and_lets_nobody_into_the_visit(finished: Visit) -> None:
    trained()
    elsewhere, url = Client(), return_url(finished)
    assert "with red" in effect_of(elsewhere, url)
    picture = str(tree(elsewhere.get(url)).select(".before-after img")[0]["src"])
    assert elsewhere.get(picture).status_code == 200
    assert Client().get(picture).status_code == 404
    assert elsewhere.get("/visit/end").status_code == 404
    assert "completion-code" not in elsewhere.get(url).content.decode()


def _other_visits_token(url: str, other: str) -> str:
    return url.split("?")[0] + "?" + other.split("?")[1]


def _withdrawal_token(url: str, other: str) -> str:
    public_id = re.findall("[0-9a-f-]{36}", url)[0]
    return f"{url.split('?')[0]}?key={withdrawal_keys.token(AnnotationSession.objects.get(public_id=public_id))}"


@pytest.mark.parametrize(
    "changed",
    [_other_visits_token, _withdrawal_token, lambda url, _: url[:-1], lambda url, _: url.split("?")[0]],
    ids=["of another visit", "of the withdrawal", "cut", "none"],
)
@pytest.mark.parametrize("page", ["", "/data"])
def test_another_token_opens_nothing(
    finished: Visit, bob: Visit, changed: Callable[[str, str], str], page: str
) -> None:
    finish(bob, "dark")
    url = changed(return_url(finished), return_url(bob)).replace("?", f"{page}?")
    assert Client().get(url if "?" in url else url + page).status_code == 404


def test_its_token_does_not_open_the_withdrawal(finished: Visit) -> None:
    key = return_url(finished).split("?")[1]
    assert Client().get(f"/withdraw/{finished.session.public_id}?{key}").status_code == 404


@pytest.mark.parametrize("page", ["", "/data"])
def test_after_a_withdrawal_and_the_erasure_nothing_is_there(finished: Visit, page: str) -> None:
    trained()
    url = return_url(finished).replace("?", f"{page}?")
    withdraw(finished.session)
    for _ in range(2):
        gone = Client().get(url)
        assert gone.status_code == 410 and "You have withdrawn" in gone.content.decode()
        assert "red" not in re.findall(r"<main.*</main>", gone.content.decode(), re.S)[0]
        erasure.erase_content(finished.session.participant)
    assert not Run.objects.exists()


def test_once_ids_are_destroyed_the_link_leads_to_nobody(finished: Visit) -> None:
    url = return_url(finished)
    lifecycle.close_study(finished.session.study, by="coordinator")
    retention.destroy_ids(finished.session.study, by="coordinator")
    assert Client().get(url).status_code == 410
    assert not tree(finished.client.get("/visit/end")).select("#return-link")


def test_the_link_is_for_visits_that_are_over(alice: Visit) -> None:
    assert Client().get(return_path(alice.session)).status_code == 404
