"""GET and POST /visit/consent, GET /visit/declined"""

import pytest
from django.test import Client

from annotations.models import AnnotationSession, Consent, Outcome, Stage, Study, StudyConfiguration, Task
from annotations.studies.lifecycle import close_study, open_study
from tests.support.views_pages import one, shown, tree

IDS = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}


@pytest.fixture
def carol(client: Client, open_study: Study) -> Client:
    """Someone who has just come in."""
    client.post("/study/sprites/start", IDS)
    return client


def test_the_study_s_text_is_shown_with_two_equal_buttons(carol: Client, open_study: Study) -> None:
    response = carol.get("/visit/consent")
    text = shown(one(response, ".prose")).split()
    assert text == StudyConfiguration.objects.get().data["study"]["consent_text"].split()
    assert text[:5] == open_study.consent_text.split()[:5]
    buttons = one(response, "form#consent").select("button[name=agree]")
    assert [button["value"] for button in buttons] == ["yes", "no"]
    assert buttons[0]["class"] == buttons[1]["class"]


@pytest.mark.parametrize(
    ("bonus", "said"),
    [
        (None, ["3.50 GBP. We pay those who reach the end. Your score never changes your pay."]),
        (
            50,
            [
                "3.50 GBP. We pay those who reach the end. Your score never changes this pay, only the bonus.",
                "0.50 GBP, if your words explain the mistakes well enough",
            ],
        ),
    ],
)
def test_time_and_pay_are_those_of_the_welcome_page(carol: Client, bonus: int | None, said: list[str]) -> None:
    Study.objects.update(reward_cents=350, bonus_cents=bonus)
    facts = [
        [shown(fact) for fact in tree(carol.get(path, IDS)).select(".facts dd")]
        for path in ("/study/sprites/", "/visit/consent")
    ]
    assert facts[1][: 1 + len(said)] == ["up to about 15 minutes", *said]
    assert set(facts[1]) < set(facts[0])
    assert "minutes" not in shown(one(carol.get("/visit/consent"), ".prose"))


def test_without_a_clock_and_a_reward_consent_says_nothing_of_them(carol: Client) -> None:
    Task.objects.update(time_limit_s=None)
    assert not tree(carol.get("/visit/consent")).select(".facts")


def test_yes_goes_on_to_the_tutorial(carol: Client) -> None:
    response = carol.post("/visit/consent", {"agree": "yes"})
    assert (response.status_code, response["Location"]) == (303, "/visit/tutorial")
    assert AnnotationSession.objects.get().consented_at is not None


def test_no_ends_politely_with_its_own_code(carol: Client, open_study: Study) -> None:
    Study.objects.update(no_consent_code="NOCONSENT1")
    response = carol.post("/visit/consent", {"agree": "no", "sure": "yes"}, follow=True)
    assert response.redirect_chain == [("/visit/declined", 303)]
    assert shown(one(response, "#completion-code")) == "NOCONSENT1"
    assert open_study.completion_code not in response.content.decode()
    session = AnnotationSession.objects.get()
    assert (session.stage, session.outcome) == (Stage.DECLINED, Outcome.NO_CONSENT)


def test_no_can_be_taken_back_on_the_next_page(carol: Client) -> None:
    response = carol.post("/visit/consent", {"agree": "no"})
    assert shown(one(response, "h1")) == "Do you really not want to take part?"
    assert one(response, "form#consent a")["href"] == "/visit/consent"
    assert AnnotationSession.objects.get().stage == Stage.CONSENT
    fields = {field["name"]: field["value"] for field in one(response, "form#consent").select("input")}
    assert carol.post("/visit/consent", fields)["Location"] == "/visit/declined"


def test_after_no_a_yes_from_another_tab_changes_nothing(carol: Client) -> None:
    carol.post("/visit/consent", {"agree": "no", "sure": "yes"})
    assert carol.post("/visit/consent", {"agree": "yes"})["Location"] == "/visit/declined"
    assert AnnotationSession.objects.get().stage == Stage.DECLINED


def test_yes_twice_is_one_yes(carol: Client) -> None:
    for _ in range(2):
        assert carol.post("/visit/consent", {"agree": "yes"})["Location"] == "/visit/tutorial"


@pytest.mark.parametrize("answer", ["", "maybe", "YES"])
def test_anything_else_is_neither(carol: Client, answer: str) -> None:
    assert carol.post("/visit/consent", {"agree": answer}).status_code == 400
    assert AnnotationSession.objects.get().stage == Stage.CONSENT


def test_the_consent_page_sends_on_whoever_is_further(carol: Client) -> None:
    carol.post("/visit/consent", {"agree": "yes"})
    assert carol.get("/visit/consent")["Location"] == "/visit/tutorial"


@pytest.mark.parametrize(("page", "end"), [("consent", Stage.DECLINED), ("tutorial", Stage.WITHDRAWN)])
def test_a_study_that_closed_before_the_tasks_leads_in_no_circle(
    carol: Client, open_study: Study, page: str, end: Stage
) -> None:
    if page == "tutorial":
        carol.post("/visit/consent", {"agree": "yes"})
    close_study(open_study)
    answers = [
        carol.get(f"/visit/{page}"),
        carol.post(f"/visit/{page}", {"agree": "yes"}),
        carol.post(f"/study/{open_study.slug}/start", IDS, follow=True),
    ]
    for response in answers:
        assert response.status_code == 409
        assert "closed" in shown(one(response, "h1"))
        assert "Please return the study where you found it." in shown(one(response, "main"))
        assert not tree(response).select("main a, main form")
        assert one(response, ".foot .withdraw a")["href"] == "/visit/withdraw"
    link = carol.get("/visit/withdraw")["Location"]
    assert one(carol.get(link), "form#withdraw")
    carol.post(link, {"sure": "yes"})
    assert AnnotationSession.objects.get().stage == end


def test_a_translated_text_is_shown_and_stored_in_the_language_of_the_page(carol: Client) -> None:
    translate({"consent_text": "Sind Sie einverstanden?"})
    response = carol.get("/visit/consent", headers={"Accept-Language": "de"})
    text = one(response, ".prose")
    assert (text.text.strip(), text["lang"]) == ("Sind Sie einverstanden?", "de")
    assert not tree(response).select(".other-language")
    asked_in = one(response, "#consent input[name=asked_in]")["value"]
    carol.post("/visit/consent", {"agree": "yes", "asked_in": asked_in})  # in English meanwhile
    consent = Consent.objects.get()
    assert (consent.text, consent.language) == ("Sind Sie einverstanden?", "de")


def test_the_text_that_studies_begin_with_is_there_in_german_too(carol: Client) -> None:
    response = carol.get("/visit/consent", headers={"Accept-Language": "de"})
    assert one(response, ".prose")["lang"] == "de"
    assert "Ein Tag steht nicht fest. Der Rest darf dann" in shown(one(response, ".prose"))
    carol.post("/visit/consent", {"agree": "yes", "asked_in": "de"})
    assert "Sie können jederzeit gehen" in Consent.objects.get().text


def test_a_text_that_was_not_translated_says_so_in_the_persons_language(draft_study: Study, client: Client) -> None:
    draft_study.consent_text = "Do you agree?"
    draft_study.save()
    open_study(draft_study, without_rehearsal=True)
    client.post("/study/sprites/start", IDS)
    response = client.get("/visit/consent", headers={"Accept-Language": "de"})
    assert one(response, ".prose")["lang"] == "en"
    assert shown(one(response, ".other-language")) == "Diesen Text gibt es nur auf Englisch."
    client.post("/visit/consent", {"agree": "yes", "asked_in": "de"})
    assert (Consent.objects.get().text, Consent.objects.get().language) == ("Do you agree?", "en")


@pytest.mark.parametrize("asked_in", ["", "fr", "<b>"])
def test_a_language_that_nobody_was_asked_in_is_the_studys_own(carol: Client, asked_in: str) -> None:
    carol.post("/visit/consent", {"agree": "yes", "asked_in": asked_in})
    assert Consent.objects.get().language == "en"


def test_a_language_with_a_nul_is_refused_and_nothing_is_consented_to(carol: Client) -> None:
    assert carol.post("/visit/consent", {"agree": "yes", "asked_in": "\0"}).status_code == 400
    assert not Consent.objects.exists()


def translate(texts: dict[str, str]) -> None:
    configuration = StudyConfiguration.objects.get()
    configuration.data["study"]["translations"] = {"de": texts}
    configuration.save()
