"""Pre-flight, rehearsal, preview, clone, and what can be amended while a study is open."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.models import (
    AnnotationSession,
    BaseModel,
    Condition,
    Dataset,
    Rehearsal,
    Role,
    Study,
    StudyMember,
    StudyState,
)
from annotations.models.study import CODES
from annotations.queue import jobs
from annotations.site.study_registry import PAGES
from annotations.studies import lifecycle
from annotations.visits import preview_links
from tests.support.views_pages import tree

FIELDS: dict[str, Any] = {
    "completion_code": "C0DE1234",
    "currency": "GBP",
    "min_hourly_cents": "9.00",
    "new_concept_chance": 0.1,
    "alarm_dropout": 0.4,
    "alarm_failed_check": 0.3,
}
ONLY_CODES = {"completion_code": "RIGHT", "no_consent_code": "", "failed_check_code": "", "researcher_code": ""}


def address(study: Study, name: str) -> str:
    return reverse(f"admin:annotations_study_{name}", args=[study.pk])


@pytest.fixture
def analyst_client(draft_study: Study) -> Client:
    analyst = User.objects.create_user("analyst", is_staff=True)
    StudyMember.objects.create(study=draft_study, user=analyst, role=Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    return client


def test_the_title_of_every_page_of_a_study_has_its_name(coordinator_client: Client, draft_study: Study) -> None:
    addresses = [page.url(draft_study) for page in PAGES if not page.hidden]
    addresses += [reverse(f"admin:annotations_study_{name}", args=[draft_study.pk]) for name in ("change", "delete")]
    addresses.append(reverse("admin:annotations_study_step", args=[draft_study.pk, "open"]))
    titles = {each: tree(coordinator_client.get(each)).select("title")[0].text for each in addresses}
    assert len(titles) > 15 and [each for each, title in titles.items() if draft_study.title not in title] == []


def test_the_pre_flight_says_what_is_wrong_and_links_there(coordinator_client: Client, draft_study: Study) -> None:
    Study.objects.update(completion_url="https://app.prolific.co/x?cc={code}", max_minutes=3)
    page = coordinator_client.get(address(draft_study, "preflight")).content.decode()
    assert "3 things keep the study from opening" in page
    assert f"{address(draft_study, 'setup')}#fieldset-0-4-heading" in page
    assert f'href="{address(draft_study, "rehearsal")}"' in page
    form = coordinator_client.get(address(draft_study, "setup")).content.decode()
    assert 'id="fieldset-0-4-heading" class="fieldset-heading">Entry and exit<' in form


def test_what_is_mended_in_the_data_leads_to_the_model_or_data_set_itself(
    coordinator_client: Client, draft_study: Study
) -> None:
    BaseModel.objects.update(validation_accuracies=[0.58, 0.47])
    Dataset.objects.update(problem="The encoder is not installed.")
    page = tree(coordinator_client.get(address(draft_study, "preflight")))
    mended = [each for each in page.select(".checks li") if "52%" in each.text or "not installed" in each.text]
    links = [str(each.select("a")[0]["href"]) for each in mended]
    model = draft_study.tasks.get().base_model
    assert links == [
        f"/admin/annotations/basemodel/{model.pk}/change/",
        f"/admin/annotations/dataset/{model.dataset_id}/change/",
    ]
    assert {coordinator_client.get(link).status_code for link in links} == {200}


def test_the_pre_flight_without_a_token_says_so(coordinator_client: Client, draft_study: Study) -> None:
    assert "no Prolific token" in coordinator_client.get(address(draft_study, "preflight")).content.decode()


def test_a_prolific_that_does_not_answer_is_a_warning(
    coordinator_client: Client, draft_study: Study, settings: Any
) -> None:
    settings.PROLIFIC_TOKEN, settings.PROLIFIC_API = "token", "http://127.0.0.1:9/api/v1"
    Study.objects.update(external_study_id="64a0f1")
    page = coordinator_client.get(address(draft_study, "preflight")).content.decode()
    assert 'class="check-warn"' in page and "Not compared" in page


def test_an_open_study_is_mended_where_it_can_be(coordinator_client: Client, open_study: Study) -> None:
    page = coordinator_client.get(address(open_study, "preflight")).content.decode()
    assert f'href="{address(open_study, "amend")}"' in page
    assert "#tasks-group" not in page


def test_a_rehearsal_is_asked_for_and_its_progress_shown(coordinator_client: Client, draft_study: Study) -> None:
    coordinator_client.post(address(draft_study, "rehearsal"), {"act": "rehearse", "n_people": 4})
    page = coordinator_client.get(address(draft_study, "rehearsal")).content.decode()
    assert 'data-live="2"' in page and "Waits for a worker" in page
    taken = jobs.claim(Rehearsal)
    assert taken is not None
    person = {"name": "diligent-0", "outcome": "broke off", "problem": "<b>500</b>", "n_phrases": 0, "seconds": 1}
    jobs.fail(taken, "diligent-0: <b>500</b>.", report={"people": [person]})
    page = coordinator_client.get(address(draft_study, "rehearsal")).content.decode()
    assert "data-live" not in page and "ago" not in page.split("Asked for by")[1].split("</p>")[0]  # nothing counts on
    assert "&lt;b&gt;500" in page and "<b>500" not in page


def test_a_rehearsal_of_another_set_up_is_not_shown_as_green(coordinator_client: Client, draft_study: Study) -> None:
    coordinator_client.post(address(draft_study, "rehearsal"), {"act": "rehearse", "n_people": 4})
    taken = jobs.claim(Rehearsal)
    assert taken is not None
    jobs.finish(taken)
    assert "Green" in coordinator_client.get(address(draft_study, "rehearsal")).content.decode()
    Study.objects.update(goal=0.5)
    page = coordinator_client.get(address(draft_study, "rehearsal")).content.decode()
    assert "Green" not in page and "The study was changed after its rehearsal. Rehearse it again." in page


@pytest.mark.parametrize("n", ["0", "1000", "four", ""])
def test_a_number_that_is_none_is_refused_at_its_field(coordinator_client: Client, draft_study: Study, n: str) -> None:
    response = coordinator_client.post(address(draft_study, "rehearsal"), {"act": "rehearse", "n_people": n})
    assert response.status_code == 400
    assert not Rehearsal.objects.exists()


def test_a_preview_enters_a_draft_under_the_chosen_condition(coordinator_client: Client, draft_study: Study) -> None:
    Condition.objects.create(study=draft_study, position=1, name="with words")
    chosen = Condition.objects.create(study=draft_study, position=2, name="without words", show_suggestions=False)
    response = coordinator_client.post(address(draft_study, "rehearsal"), {"act": "preview", "condition": chosen.pk})
    token = response.headers["Location"].split(f"{preview_links.PARAMETER}=")[1]
    session = preview_links.enter(draft_study, token)
    assert (session.kind, session.condition) == ("preview", chosen)
    assert draft_study.audit_records.get(act="previewed").detail == {"condition": "without words"}


def test_a_draft_that_nobody_could_visit_is_not_previewed(coordinator_client: Client, draft_study: Study) -> None:
    draft_study.tasks.all().delete()
    response = coordinator_client.post(address(draft_study, "rehearsal"), {"act": "preview"}, follow=True)
    assert "has no task" in response.content.decode()


def test_what_rehearsals_left_is_discarded(coordinator_client: Client, draft_study: Study) -> None:
    response = coordinator_client.post(address(draft_study, "rehearsal"), {"act": "preview"})
    preview_links.enter(draft_study, response.headers["Location"].split(f"{preview_links.PARAMETER}=")[1])
    response = coordinator_client.post(address(draft_study, "rehearsal"), {"act": "discard"}, follow=True)
    assert "Discarded 1 visit of previews and simulated participants." in response.content.decode()
    assert not AnnotationSession.objects.exists()


def test_a_clone_is_made_and_opened_in_the_form(coordinator_client: Client, open_study: Study) -> None:
    page = coordinator_client.get(address(open_study, "clone")).content.decode()
    assert 'value="sprites-2"' in page
    response = coordinator_client.post(address(open_study, "clone"), {"title": "Again", "slug": "again"})
    clone = Study.objects.get(slug="again")
    assert response.headers["Location"] == address(clone, "change")
    assert (clone.state, clone.cloned_from) == (StudyState.DRAFT, open_study)


def test_a_clone_under_a_slug_that_is_taken_is_refused(coordinator_client: Client, open_study: Study) -> None:
    response = coordinator_client.post(address(open_study, "clone"), {"title": "Again", "slug": "sprites"})
    assert response.status_code == 400
    assert "already exists" in response.content.decode()


def test_a_code_is_corrected_while_people_are_inside(coordinator_client: Client, open_study: Study) -> None:
    changed = {**FIELDS, "completion_code": "RIGHT", "reward_cents": "3.50", "quota": 40}
    response = coordinator_client.post(address(open_study, "amend"), changed, follow=True)
    assert "Changed: completion code, quota, reward." in response.content.decode()
    open_study.refresh_from_db()
    assert (open_study.completion_code, open_study.reward_cents, open_study.quota) == ("RIGHT", 350, 40)
    changes = open_study.audit_records.get(act="study_amended").detail["changes"]
    assert changes["completion_code"] == {"from": "C0DE1234", "to": "RIGHT"}
    assert open_study.configurations.count() == 1


def test_pay_that_is_set_while_people_are_inside_is_looked_at_as_before_opening(
    coordinator_client: Client, open_study: Study
) -> None:
    def change(reward: str) -> str:
        changed = {**FIELDS, "reward_cents": reward}
        page = coordinator_client.post(address(open_study, "amend"), changed, follow=True)
        return " ".join(each.text for each in tree(page).select(".messagelist .warning"))

    said = change("1.00")
    assert "1.00 GBP each is at least 4.00 GBP an hour. That is less than 9.00 GBP" in said
    assert "anybody can use its link to invent people" in said and "entries” in a clone, and close this study." in said
    assert "There is no quota" not in said  # it was so before
    assert change("3.00") == ""
    page = coordinator_client.get(address(open_study, "preflight")).content.decode()
    assert "1 thing is not right." in page and "from opening" not in page


def test_an_open_study_says_that_its_clone_can_be_changed(coordinator_client: Client, open_study: Study) -> None:
    for name in ("setup", "preflight"):
        (link,) = tree(coordinator_client.get(address(open_study, name))).select("p.help a")
        assert (link.text, link["href"]) == ("clone the study", address(open_study, "clone"))


def test_a_draft_that_was_rehearsed_is_not_called_frozen(coordinator_client: Client, draft_study: Study) -> None:
    lifecycle.freeze(draft_study)
    assert "frozen at opening" not in coordinator_client.get(address(draft_study, "setup")).content.decode()


def test_what_another_coordinator_changed_meanwhile_is_not_changed_back(
    coordinator_client: Client, open_study: Study
) -> None:
    page = coordinator_client.get(address(open_study, "amend"))
    assert 'type="hidden" name="initial-completion_code" value="C0DE1234"' in page.content.decode()
    as_shown = sent_untouched(page)
    open_study.completion_code, open_study.reward_cents = "RIGHT", 350
    open_study.save(update_fields=["completion_code", "reward_cents"])
    response = coordinator_client.post(address(open_study, "amend"), {**as_shown, "quota": 40}, follow=True)
    assert "Changed: quota." in response.content.decode()
    open_study.refresh_from_db()
    assert (open_study.completion_code, open_study.reward_cents, open_study.quota) == ("RIGHT", 350, 40)


def sent_untouched(page: Any) -> dict[str, Any]:
    """What a browser sends of the fields that the page shows, and of what each showed, if nothing was typed."""
    shown = [field for _title, fields in page.context["groups"] for field in fields]
    values = {field.html_name: field.value() for field in shown}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    return sent | {f"initial-{name}": "" if value is None else value for name, value in values.items()}


def shown_on(page: Any) -> set[str]:
    return {field.name for _title, fields in page.context["groups"] for field in fields}


def test_codes_that_are_equal_are_refused_together(coordinator_client: Client, open_study: Study) -> None:
    response = coordinator_client.post(address(open_study, "amend"), {**FIELDS, "no_consent_code": "C0DE1234"})
    assert response.status_code == 400
    assert "Each outcome needs a code of its own" in response.content.decode()
    open_study.refresh_from_db()
    assert open_study.no_consent_code == ""


def test_nothing_else_can_be_amended(coordinator_client: Client, open_study: Study) -> None:
    coordinator_client.post(address(open_study, "amend"), {**FIELDS, "title": "Another", "goal": "0.1"})
    open_study.refresh_from_db()
    assert (open_study.title, open_study.goal) == ("The sprites study", None)


def test_the_codes_of_a_closed_study_are_corrected_and_nothing_else(
    coordinator_client: Client, open_study: Study
) -> None:
    lifecycle.close_study(open_study)
    page = coordinator_client.get(address(open_study, "amend"))
    assert "You can still correct its codes" in page.content.decode()
    assert shown_on(page) == set(CODES)
    changed = sent_untouched(page) | {"completion_code": "RIGHT"}
    response = coordinator_client.post(address(open_study, "amend"), changed, follow=True)
    assert "Changed: completion code." in response.content.decode()
    response = coordinator_client.post(address(open_study, "amend"), {**ONLY_CODES, "quota": 40})
    assert (response.status_code, shown_on(response)) == (400, set(CODES))
    open_study.refresh_from_db()
    assert (open_study.completion_code, open_study.quota) == ("RIGHT", None)


def test_what_was_typed_into_a_page_that_was_open_while_the_study_closed_is_refused_aloud(
    coordinator_client: Client, open_study: Study
) -> None:
    lifecycle.amend_study(open_study, {"failed_check_code": "FAILED"}, by="ann")
    lifecycle.pause_study(open_study)
    opened = sent_untouched(coordinator_client.get(address(open_study, "amend")))
    lifecycle.close_study(open_study)
    for typed in ({"quota": 40}, {"failed_check_is_paid": "on"}, {"quota": 40, "completion_code": "RIGHT"}):
        response = coordinator_client.post(address(open_study, "amend"), opened | typed)
        assert (response.status_code, shown_on(response)) == (400, set(CODES))
        assert "Only its codes can still be changed" in response.content.decode()
    response = coordinator_client.post(address(open_study, "amend"), opened | {"quota": "four"})
    assert (response.status_code, shown_on(response)) == (400, {*CODES, "quota"})
    open_study.refresh_from_db()
    assert (open_study.completion_code, open_study.quota, open_study.failed_check_is_paid) == ("C0DE1234", None, False)


def test_a_code_is_corrected_on_a_page_that_was_open_while_the_study_closed(
    coordinator_client: Client, open_study: Study
) -> None:
    opened = sent_untouched(coordinator_client.get(address(open_study, "amend")))
    lifecycle.close_study(open_study)
    changed = opened | {"completion_code": "RIGHT"}
    response = coordinator_client.post(address(open_study, "amend"), changed, follow=True)
    assert "Changed: completion code." in response.content.decode()


def test_a_study_that_closes_while_a_page_is_sent_keeps_all_but_its_codes(
    coordinator_client: Client, open_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Study.objects.get(pk=open_study.pk)
    lifecycle.close_study(open_study)
    monkeypatch.setattr("annotations.studies.staff_pages.amend_page.Study.objects.get", lambda pk: read)
    response = coordinator_client.post(address(open_study, "amend"), {**FIELDS, "quota": 40})
    assert (response.status_code, shown_on(response)) == (400, set(CODES))
    assert "Only its codes can still be changed" in response.content.decode()


def test_codes_of_a_closed_study_that_are_equal_are_refused(coordinator_client: Client, open_study: Study) -> None:
    lifecycle.close_study(open_study)
    response = coordinator_client.post(address(open_study, "amend"), {**ONLY_CODES, "researcher_code": "x" * 41})
    assert response.status_code == 400
    response = coordinator_client.post(address(open_study, "amend"), {**ONLY_CODES, "failed_check_code": "RIGHT"})
    assert "Each outcome needs a code of its own" in response.content.decode()
    open_study.refresh_from_db()
    assert (open_study.failed_check_code, open_study.researcher_code) == ("", "")


def test_the_navigation_shows_what_a_role_may_open(
    coordinator_client: Client, analyst_client: Client, draft_study: Study
) -> None:
    for client, may_coordinate in ((coordinator_client, True), (analyst_client, False)):
        page = client.get(address(draft_study, "preflight")).content.decode()
        navigation = page[page.index('class="study-pages"') : page.index("</nav>", page.index('class="study-pages"'))]
        assert 'aria-current="page">Pre-flight<' in navigation
        assert ("Rehearse and preview" in navigation) is may_coordinate
        assert "Codes, places and alarms" not in navigation  # a draft's form has them
        assert ("People and money" in page) is may_coordinate


@pytest.mark.parametrize("name", ["rehearsal", "clone", "amend"])
def test_an_analyst_does_not_run_it(analyst_client: Client, draft_study: Study, name: str) -> None:
    assert analyst_client.get(address(draft_study, name)).status_code == 404
    assert analyst_client.post(address(draft_study, name), {"act": "discard"}).status_code == 404
