"""GET and POST /visit/end"""

import pytest

from annotations.models import AnnotationSession, EndAnswer, Outcome, Stage, Study
from tests.support.actors import Visit
from tests.support.views_pages import one, say, shown, task_url, tree
from worker.phrases.scoring import score_due_phrases


@pytest.fixture
def done(alice: Visit) -> Visit:
    """Alice, whose tasks are done."""
    say(alice, "red")
    score_due_phrases()
    alice.client.post(task_url(alice, "done"), {"sure": "yes"})
    return alice


def test_before_the_completion_is_stored_there_is_no_code(done: Visit) -> None:
    response = done.client.get("/visit/end")
    assert one(response, "form#finish")
    assert done.session.study.completion_code not in response.content.decode()
    assert not tree(response).select("code")  # that of another browser would be taken for it


def test_finishing_stores_the_completion_and_shows_the_code(done: Visit) -> None:
    response = done.client.post("/visit/end", follow=True)
    assert response.redirect_chain == [("/visit/end?leaving=1", 303)]
    assert shown(one(response, "#completion-code")) == "C0DE1234"
    assert len(tree(response).select("code")) == 1
    session = AnnotationSession.objects.get()
    assert (session.stage, session.outcome) == (Stage.FINISHED, Outcome.COMPLETED)


def test_the_page_leads_back_with_the_code(done: Visit) -> None:
    response = done.client.post("/visit/end", follow=True)
    url = "https://app.prolific.com/submissions/complete?cc=C0DE1234"
    assert one(response, ".code a.button")["href"] == url
    assert response["Refresh"].endswith(f"url={url}")


def test_coming_back_to_the_page_leaves_the_person_there(done: Visit) -> None:
    done.client.post("/visit/end")
    response = done.client.get("/visit/end")
    assert "Refresh" not in response
    assert shown(one(response, "#completion-code")) == "C0DE1234"


def test_without_an_address_the_code_is_to_be_copied(done: Visit) -> None:
    Study.objects.update(completion_url="")
    response = done.client.post("/visit/end", follow=True)
    assert "Refresh" not in response
    assert not tree(response).select(".code a.button")
    assert one(response, "#completion-code")


def test_a_code_with_signs_in_it_is_quoted_in_the_address(done: Visit) -> None:
    Study.objects.update(completion_code="A&B C")
    response = done.client.post("/visit/end", follow=True)
    assert response["Refresh"].endswith("cc=A%26B%20C")


def test_what_the_person_found_is_said(done: Visit) -> None:
    assert "your best words: red" in " ".join(shown(one(done.client.get("/visit/end"), ".found")).split())


def test_finishing_twice_is_once(done: Visit) -> None:
    for _ in range(2):
        assert done.client.post("/visit/end").status_code == 303
    assert AnnotationSession.objects.get().stage == Stage.FINISHED


def test_whoever_has_work_left_is_sent_to_it(alice: Visit) -> None:
    assert alice.client.get("/visit/end")["Location"] == task_url(alice)


def test_the_end_cannot_be_forced(alice: Visit) -> None:
    response = alice.client.post("/visit/end")
    assert response.status_code == 409
    assert AnnotationSession.objects.get().stage == Stage.TASKS
    assert "C0DE1234" not in response.content.decode()


def test_the_studys_own_questions_are_asked_and_may_be_skipped(done: Visit) -> None:
    ask(done, "How hard was it? | easy | hard\nAnything else?")
    form = one(done.client.get("/visit/end"), "form#finish")
    assert [radio["value"] for radio in form.select("input[name=question-1]")] == ["easy", "hard", ""]
    assert form.select("textarea[name=question-2]")
    done.client.post("/visit/end", {"question-1": "easy", "question-2": ""})
    assert [(answer.number, answer.answer) for answer in EndAnswer.objects.all()] == [(1, "easy")]


def test_translated_questions_are_asked_and_counted_in_the_studys_own_wording(done: Visit) -> None:
    ask(done, "How hard was it? | easy | hard\nAnything else?")
    data = done.session.configuration.data["study"]
    data["translations"] = {"de": {"end_questions": "Wie schwer war es? | leicht | schwer\nNoch etwas?"}}
    done.session.configuration.save()
    form = one(done.client.get("/visit/end", headers={"Accept-Language": "de"}), "form#finish")
    assert [radio["value"] for radio in form.select("input[name=question-1]")] == ["easy", "hard", ""]
    assert [shown(choice) for choice in form.select("label span[lang=de]")] == ["leicht", "schwer"]
    assert not form.select(".other-language")
    done.client.post("/visit/end", {"question-1": "hard", "question-2": "nein", "asked_in": "de"})
    assert list(EndAnswer.objects.values_list("question", "answer", "language")) == [
        ("Wie schwer war es?", "hard", "de"),
        ("Noch etwas?", "nein", "de"),
    ]


def test_questions_that_were_not_translated_say_so(done: Visit) -> None:
    ask(done, "How hard was it? | easy | hard")
    response = done.client.get("/visit/end", headers={"Accept-Language": "de"})
    assert shown(one(response, "#finish .other-language")) == "Diesen Text gibt es nur auf Englisch."
    assert one(response, "#finish legend")["lang"] == "en"


def test_an_answer_that_is_too_long_is_refused_and_nothing_that_was_typed_is_lost(done: Visit) -> None:
    ask(done, "How hard was it? | easy | hard\nAnything else?\nAnd else?")
    typed = {"question-1": "hard", "question-2": "x" * 2001, "question-3": "nothing"}
    page = done.client.post("/visit/end", typed)
    assert page.status_code == 400 and not EndAnswer.objects.exists()
    assert AnnotationSession.objects.get().stage == Stage.TASKS
    assert one(page, "input[name=question-1][checked]")["value"] == "hard"
    assert [shown(field) for field in tree(page).select("#finish textarea")] == ["x" * 2001, "nothing"]
    assert (
        shown(one(page, "#question-2-use[role=alert]")) == "This text is too long. Please use at most 2000 characters."
    )
    assert one(page, "textarea[aria-invalid]")["maxlength"] == "2000"
    typed["question-2"] = "\r\n".join(["x" * 999, "y" * 999 + "e\u0301"])  # 2,000 characters, as a browser counts them
    assert done.client.post("/visit/end", typed).status_code == 303
    assert EndAnswer.objects.get(number=2).answer == "x" * 999 + "\n" + "y" * 999 + "\u00e9"


def test_the_page_says_how_long_an_answer_may_be(done: Visit) -> None:
    ask(done, "Anything else?")
    assert shown(one(done.client.get("/visit/end"), "#question-1-use")) == "At most 2000 characters."


def test_without_questions_there_is_only_the_button(done: Visit) -> None:
    assert not tree(done.client.get("/visit/end")).select("#finish fieldset, #finish textarea")


def test_the_end_hands_out_the_persons_own_link_to_withdraw(done: Visit) -> None:
    response = done.client.post("/visit/end", follow=True)
    link = str(one(response, "#withdrawal-link")["href"])
    assert link.startswith(f"http://testserver/withdraw/{done.session.public_id}?key=")


def ask(visit: Visit, lines: str) -> None:
    configuration = visit.session.configuration
    configuration.data["study"]["end_questions"] = lines
    configuration.save()
