"""Two coordinators on one draft: the second save is refused, names the first, and keeps what was typed."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.models import BaseModel, Role, Study
from annotations.studies import class_lists
from tests.support.actors import OVAL

Fields = dict[str, Any]


@pytest.fixture
def ann(draft_study: Study) -> Client:
    return _client(draft_study, "ann")


@pytest.fixture
def ben(draft_study: Study) -> Client:
    return _client(draft_study, "ben")


def _client(study: Study, name: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    study.members.create(user=user, role=Role.COORDINATOR)
    client = Client()
    client.force_login(user)
    return client


def page_of(study: Study) -> str:
    return reverse("admin:annotations_study_setup", args=[study.pk])


def fields_of(response: Any) -> Fields:
    """What a browser would send of the draft's form, if nothing was typed."""
    form = BeautifulSoup(response.content, "html.parser").select_one("#study_form")
    assert form is not None
    fields: Fields = {}
    for control in form.select("input[name], textarea[name], select[name]"):
        name = str(control["name"])
        if "__prefix__" in name or control.get("type") == "submit":
            continue
        if control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            fields[name] = chosen["value"] if chosen else ""
        elif control.name == "textarea":
            fields[name] = _as_sent(control.text.removeprefix("\n"))
        elif control.get("type") != "checkbox":
            fields[name] = _as_sent(str(control.get("value", "")))
        elif control.has_attr("checked") and control.has_attr("value"):  # one of several of the same name
            fields.setdefault(name, []).append(control["value"])
        elif control.has_attr("checked"):
            fields[name] = "on"
    return fields


def _as_sent(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def opened(client: Client, study: Study) -> Fields:
    return fields_of(client.get(page_of(study)))


def save(client: Client, study: Study, fields: Fields) -> Any:
    response = client.post(page_of(study), fields)
    study.refresh_from_db()
    return response


def test_a_save_that_follows_what_it_saw_is_stored_and_audited(ann: Client, ben: Client, draft_study: Study) -> None:
    for n, (client, title) in enumerate(((ann, "One"), (ben, "Two"), (ben, "Three")), start=1):
        assert save(client, draft_study, opened(client, draft_study) | {"title": title}).status_code == 302
        assert (draft_study.title, draft_study.revision) == (title, n)
    assert draft_study.revised_by == "ben"
    assert draft_study.audit_records.filter(act="study_changed").count() == 3


def test_a_page_that_was_not_touched_differs_in_nothing(ann: Client, draft_study: Study) -> None:
    draft_study.consent_text = "One\r\nTwo"
    draft_study.translations = {"de": {"title": "Quadrate", "consent_text": "Eins\nZwei"}}
    draft_study.save()
    save(ann, draft_study, opened(ann, draft_study))
    assert draft_study.audit_records.get(act="study_changed").detail == {"what": []}


def test_the_second_save_is_refused_and_names_the_first(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's", "introduction": "Hello"})
    response = save(ben, draft_study, bens | {"title": "Ben's", "quota": "12"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Your changes were not saved" in page
    assert "ann saved this draft at " in page
    assert (draft_study.title, draft_study.introduction, draft_study.quota) == ("Ann's", "Hello", None)
    assert (draft_study.revision, draft_study.revised_by) == (1, "ann")
    assert not draft_study.audit_records.filter(actor="ben").exists()


def test_the_refused_form_keeps_all_that_was_typed(ann: Client, ben: Client, draft_study: Study) -> None:
    draft_study.conditions.create(position=1, name="one")
    typed = opened(ben, draft_study) | {
        "title": "Ben's",
        "reward_cents": "3.50",
        "only_verified": "on",
        "translations-de-introduction": "Zeile\r\nZeile",
        "tasks-0-min_phrases": "2",
        "conditions-0-name": "eins",
        "conditions-1-name": "zwei",
        "conditions-TOTAL_FORMS": "2",
    }
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's", "tasks-0-max_phrases": "9"})
    shown = fields_of(save(ben, draft_study, typed))
    del typed["csrfmiddlewaretoken"]  # each page has one of its own
    assert {name: shown.get(name) for name in typed} == typed


def test_the_refused_form_keeps_rows_that_the_other_deleted(ann: Client, ben: Client, draft_study: Study) -> None:
    draft_study.conditions.create(position=1, name="one")
    typed = opened(ben, draft_study) | {"conditions-0-name": "eins"}
    save(ann, draft_study, opened(ann, draft_study) | {"conditions-0-DELETE": "on"})
    response = save(ben, draft_study, typed)
    assert response.status_code == 409
    assert fields_of(response)["conditions-0-name"] == "eins"
    assert not draft_study.conditions.exists()


def test_the_refused_form_cannot_be_saved_and_leads_to_the_saved_draft(
    ann: Client, ben: Client, draft_study: Study
) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's"})
    refused = save(ben, draft_study, bens | {"title": "Ben's"})
    page = BeautifulSoup(refused.content, "html.parser")
    assert page.select('#study_form [type="submit"]') == []
    link = page.select_one('#form-errors a[target="_blank"]')
    assert link is not None and link["href"] == page_of(draft_study)
    assert save(ben, draft_study, fields_of(refused)).status_code == 409
    assert save(ben, draft_study, opened(ben, draft_study) | {"title": "Ben's"}).status_code == 302
    assert (draft_study.title, draft_study.revision) == ("Ben's", 2)


def test_an_error_in_a_field_is_named_as_well(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"no_consent_code": "NO"})
    response = save(ben, draft_study, bens | {"reward_cents": "3.505"})
    page = response.content.decode()
    assert "ann saved this draft at " in page
    assert '<a href="#id_reward_cents">Reward</a>' in page
    assert fields_of(response)["reward_cents"] == "3.505"


def test_adding_classes_on_another_page_makes_an_open_form_stale(
    ben: Client, draft_study: Study, base_model: BaseModel
) -> None:
    bens = opened(ben, draft_study)
    class_lists.add(draft_study, base_model, ["oval"], by="ann")
    assert save(ben, draft_study, bens | {"title": "Ben's"}).status_code == 409
    assert draft_study.title == "The sprites study"


def test_the_refused_form_keeps_its_tasks_where_there_are_too_many_by_now(
    ben: Client, draft_study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = opened(ben, draft_study) | {"tasks-0-max_phrases": "9"}
    class_lists.add(draft_study, base_model, ["oval"], by="ann")
    monkeypatch.setattr("annotations.site.study_admin.MAX_ON_FORM", 1)
    response = save(ben, draft_study, typed)
    assert response.status_code == 409
    assert fields_of(response)["tasks-0-max_phrases"] == "9"


def test_the_refused_form_keeps_its_fields_where_its_tasks_fit_by_now(
    ben: Client, draft_study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_lists.add(draft_study, base_model, ["oval"], by="ann")
    monkeypatch.setattr("annotations.site.study_admin.MAX_ON_FORM", 1)
    bens = opened(ben, draft_study)
    assert "tasks-TOTAL_FORMS" not in bens
    class_lists.remove(draft_study, [draft_study.tasks.get(target_class=OVAL).position], by="ann")
    response = save(ben, draft_study, bens | {"title": "Ben's"})
    assert response.status_code == 409
    assert fields_of(response)["title"] == "Ben's"


def test_a_page_of_a_version_that_never_was_names_somebody(ann: Client, draft_study: Study) -> None:
    page = save(ann, draft_study, opened(ann, draft_study) | {"seen_revision": "7"}).content.decode()
    assert "Somebody saved this draft just now, after you had opened this page." in page


def test_a_page_that_does_not_say_what_it_shows_stores_nothing(ann: Client, draft_study: Study) -> None:
    fields = opened(ann, draft_study) | {"title": "Ann's"}
    del fields["seen_revision"]
    response = save(ann, draft_study, fields)
    assert "does not say which version of the draft it shows" in response.content.decode()
    assert draft_study.title == "The sprites study"


def test_an_analyst_is_shown_nothing_of_it(ann: Client, draft_study: Study) -> None:
    anns = opened(ann, draft_study)
    draft_study.members.update(role=Role.ANALYST)
    assert "seen_revision" not in ann.get(page_of(draft_study)).content.decode()
    assert save(ann, draft_study, anns | {"seen_revision": "7"}).status_code == 403


@pytest.mark.parametrize("page", ["change", "setup"])
def test_djangos_save_as_new_is_refused_since_another_page_clones_a_study(
    ann: Client, draft_study: Study, page: str
) -> None:
    address = f"/admin/annotations/study/{draft_study.pk}/{page}/"
    assert ann.post(address, {"_saveasnew": "1", "seen_revision": "1"}).status_code == 400
    assert Study.objects.get() == draft_study
