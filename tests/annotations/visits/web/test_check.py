"""GET and POST /visit/check, GET /visit/not-passed"""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from annotations.models import AnnotationSession, Assignment, CheckAttempt, Outcome, Study
from annotations.visits import sessions
from annotations.visits.check_questions import QUESTIONS, option_order
from annotations.visits.resume_codes import resume_code
from tests.support.actors import RIGHT_ANSWERS, WRONG_ANSWERS, WRONG_TRIES, as_numbered, client_of, do_tutorial
from tests.support.views_pages import one, shown, tree


@pytest.fixture
def carol(open_study: Study) -> Client:
    """Someone who has done the tutorial."""
    session = sessions.enter(open_study, participant_id="carol", study_id="s", session_id="v")
    return client_of(do_tutorial(sessions.give_consent(session)))


def answer(client: Client, answers: Mapping[str, str], *, follow: bool = True) -> Any:
    given = as_numbered(AnnotationSession.objects.get(), answers)
    return client.post("/visit/check", {**given, "client_uuid": str(uuid.uuid4())}, follow=follow)


def fail_twice(client: Client) -> Any:
    answer(client, WRONG_TRIES[0])
    return answer(client, WRONG_TRIES[1])


def linked(response: Any) -> list[str]:
    """Where the summary of errors leads; each is an option on the page."""
    links = [str(link["href"]) for link in one(response, ".banner[role=alert]").select("a")]
    assert all(one(response, f"input[type=radio]{link}") for link in links)
    return links


def test_the_same_answers_again_are_no_try(carol: Client) -> None:
    first = RIGHT_ANSWERS | {"words": "class"}
    answer(carol, first)
    response = answer(carol, first)
    assert response.status_code == 400
    assert "You did not change an answer" in shown(one(response, ".banner[role=alert]"))
    assert linked(response) == ["#words-1"]
    assert len(tree(response).select("input[checked]")) == 3
    assert CheckAttempt.objects.count() == 1
    assert "/visit/tasks/" in answer(carol, RIGHT_ANSWERS, follow=False)["Location"]


def test_who_answered_all_right_reads_so_before_the_first_task_alone(carol: Client) -> None:
    assert "All your answers are right." in shown(one(answer(carol, RIGHT_ANSWERS), ".start"))
    Assignment.objects.update(position=2)
    assert "All your answers" not in shown(one(carol.get("/visit/", follow=True), ".start"))


def test_a_form_that_is_sent_again_is_answered_as_the_first_time(carol: Client) -> None:
    given = as_numbered(AnnotationSession.objects.get(), WRONG_ANSWERS) | {"client_uuid": str(uuid.uuid4())}
    for _ in range(2):
        assert carol.post("/visit/check", given)["Location"] == "/visit/check"
    assert CheckAttempt.objects.count() == 1


def test_a_summary_leads_to_each_question_that_is_not_right(carol: Client) -> None:
    assert linked(answer(carol, RIGHT_ANSWERS | {"words": "class", "split": "less"})) == ["#words-1", "#split-1"]


def test_three_questions_are_asked_with_nothing_chosen(carol: Client) -> None:
    form = one(carol.get("/visit/check"), "form#check")
    assert len(form.select("fieldset")) == 3
    assert not form.select("input[checked], .feedback")
    assert not tree(carol.get("/visit/check")).select("[role=alert]")


def test_a_form_that_knows_the_answers_by_heart_knows_nothing(carol: Client) -> None:
    """Each visit has its own order, and the page sends places in it: no fixed answer is right for everybody."""
    page = one(carol.get("/visit/check"), "form#check")
    values = {option["value"] for option in page.select("input[type=radio]")}
    assert values == {"1", "2", "3"}
    assert carol.post("/visit/check", {**RIGHT_ANSWERS, "client_uuid": uuid.uuid4()}).status_code == 400
    assert len({tuple(option_order(seed, question) for question in QUESTIONS) for seed in range(300)}) > 100
    orders = [option_order(seed, QUESTIONS[0]).index(QUESTIONS[0].right) for seed in range(300)]
    assert all(60 < orders.count(place) < 140 for place in range(3))


def test_the_order_can_be_computed_again_from_the_seed(carol: Client) -> None:
    session = AnnotationSession.objects.get()
    options = one(carol.get("/visit/check"), "fieldset:first-of-type").select("label")
    texts = dict(QUESTIONS[0].options)
    assert [shown(option) for option in options] == [
        str(texts[key]) for key in option_order(session.seed, QUESTIONS[0])
    ]


def test_what_is_stored_is_which_option_and_not_where_it_stood(carol: Client) -> None:
    answer(carol, WRONG_ANSWERS)
    assert CheckAttempt.objects.get().answers == WRONG_ANSWERS


def test_right_answers_go_on_to_the_first_task(carol: Client) -> None:
    assert "/visit/tasks/" in answer(carol, RIGHT_ANSWERS, follow=False)["Location"]


def test_a_wrong_answer_is_explained_and_the_last_try_announced(carol: Client) -> None:
    response = answer(carol, RIGHT_ANSWERS | {"words": "class"})
    assert "One answer is not right yet" in shown(one(response, ".banner[role=alert]"))
    feedback = [shown(line) for line in tree(response).select(".feedback")]
    assert ["Not quite" in line for line in feedback] == [False, True, False]
    assert len(tree(response).select("input[checked]")) == 3


def test_a_missing_answer_is_asked_for_and_what_was_chosen_stays(carol: Client) -> None:
    response = answer(carol, {"wrong": "other"})
    assert response.status_code == 400
    assert "answer every question" in shown(one(response, ".banner[role=alert]"))
    assert linked(response) == ["#words-1", "#split-1"]
    assert "the wrong name" in shown(one(response, "label:has(input[checked])"))
    assert not CheckAttempt.objects.exists()


def test_the_second_failure_is_stored_before_its_page_shows(carol: Client) -> None:
    first, second = WRONG_TRIES
    answer(carol, first)
    assert answer(carol, second, follow=False)["Location"] == "/visit/not-passed"
    assert AnnotationSession.objects.get().outcome == Outcome.FAILED_CHECK
    page = carol.get("/visit/not-passed")
    assert "not a rejection" in shown(one(page, "main"))
    assert not tree(page).select("#completion-code")


@pytest.mark.parametrize("path", ["/visit/", "/visit/check", "/visit/tutorial", "/visit/consent", "/visit/end"])
def test_a_reload_does_not_escape_it(carol: Client, path: str) -> None:
    fail_twice(carol)
    assert carol.get(path)["Location"] == "/visit/not-passed"
    assert carol.post("/visit/check", RIGHT_ANSWERS)["Location"] == "/visit/not-passed"


def test_the_link_does_not_either(carol: Client) -> None:
    fail_twice(carol)
    ids = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}
    ids["resume_code"] = resume_code(AnnotationSession.objects.get())
    assert Client().post("/study/sprites/start", ids, follow=True).redirect_chain[-1] == ("/visit/not-passed", 303)


@pytest.mark.parametrize(
    ("is_paid", "before", "after"),
    [
        (True, "the study ends for you. You are paid for the time you gave.", "You are paid for the time"),
        (False, "the study ends for you without pay.", "It is not paid then"),
    ],
)
def test_what_a_failure_means_for_pay_is_said_before_consent_and_before_each_try(
    carol: Client, is_paid: bool, before: str, after: str
) -> None:
    Study.objects.update(failed_check_code="SCREEN01", failed_check_is_paid=is_paid, reward_cents=350)
    said = f"with two tries. If an answer is still wrong then, {before}"
    link = {"PROLIFIC_PID": "dave", "STUDY_ID": "s", "SESSION_ID": "w"}
    assert said in shown(one(carol.get("/study/sprites/", link), ".facts"))
    assert before in shown(one(carol.get("/visit/check"), "main"))
    assert after in shown(one(fail_twice(carol), "main"))


def test_a_study_that_pays_nothing_says_nothing_of_pay_at_the_questions(carol: Client) -> None:
    page = shown(one(carol.get("/visit/check"), "main"))
    assert "If an answer is still wrong then, the study ends for you." in page
    assert "pay" not in page.casefold() and "paid" not in page.casefold()


@pytest.mark.parametrize(("is_paid", "words"), [(True, "You are paid"), (False, "not a rejection")])
def test_the_study_sets_the_way_out(carol: Client, open_study: Study, is_paid: bool, words: str) -> None:
    Study.objects.update(failed_check_code="SCREEN01", failed_check_is_paid=is_paid)
    response = fail_twice(carol)
    assert words in shown(one(response, "main"))
    assert shown(one(response, "#completion-code")) == "SCREEN01"
    assert str(one(response, "main a.button")["href"]).endswith("cc=SCREEN01")
    assert open_study.completion_code not in response.content.decode()


def test_the_code_is_nowhere_before_the_second_failure(carol: Client) -> None:
    Study.objects.update(failed_check_code="SCREEN01")
    assert "SCREEN01" not in carol.get("/visit/check").content.decode()
    assert "SCREEN01" not in answer(carol, WRONG_ANSWERS).content.decode()
    assert carol.get("/visit/not-passed")["Location"] == "/visit/check"
