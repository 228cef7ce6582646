"""Two coordinators on one draft: who saves second learns of the first, loses nothing, and chooses."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.admin.studies import draft_merge
from annotations.models import BaseModel, Role, Study
from annotations.services.studies import class_lists
from tests.actors import OVAL, SQUARE

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
    return reverse("admin:annotations_study_change", args=[study.pk])


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


def differences(response: Any) -> set[tuple[str, str, str]]:
    return {(each.label, each.saved, each.typed) for each in response.context["differences"]}


def test_a_save_that_follows_what_it_saw_is_stored_and_audited(ann: Client, ben: Client, draft_study: Study) -> None:
    for n, (client, title) in enumerate(((ann, "One"), (ben, "Two"), (ben, "Three")), start=1):
        assert save(client, draft_study, opened(client, draft_study) | {"title": title}).status_code == 302
        assert (draft_study.title, draft_study.revision) == (title, n)
    assert draft_study.revised_by == "ben"
    assert draft_study.audit_records.filter(act="study_changed").count() == 3


def test_a_page_that_was_not_touched_differs_in_nothing(ann: Client, draft_study: Study) -> None:
    draft_study.consent_text = "One\nTwo"
    draft_study.translations = {"de": {"title": "Quadrate", "consent_text": "Eins\nZwei"}}
    draft_study.save()
    save(ann, draft_study, opened(ann, draft_study))
    assert draft_study.audit_records.get(act="study_changed").detail == {"what": []}


def test_the_second_save_is_refused_names_the_first_and_keeps_what_was_typed(
    ann: Client, ben: Client, draft_study: Study
) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's", "introduction": "Hello"})
    response = save(ben, draft_study, bens | {"title": "Ben's", "quota": "12"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "ann saved this draft at " in page
    assert "Nothing of yours is stored yet" in page
    assert (draft_study.title, draft_study.quota, draft_study.revised_by) == ("Ann's", None, "ann")
    assert differences(response) == {
        ("Title", "Ann's", "Ben's"),
        ("Introduction", "Hello", ""),
        ("Quota", "", "12"),
    }
    shown = fields_of(response)
    assert (shown["title"], shown["introduction"], shown["quota"]) == ("Ben's", "Hello", "12")
    assert not draft_study.audit_records.filter(actor="ben").exists()


def test_what_was_typed_is_put_on_top_by_saving_once_more(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's", "introduction": "Hello"})
    both = fields_of(save(ben, draft_study, bens | {"title": "Ben's", "quota": "12"}))
    assert save(ben, draft_study, both).status_code == 302
    assert (draft_study.title, draft_study.introduction, draft_study.quota) == ("Ben's", "Hello", 12)
    assert (draft_study.revision, draft_study.revised_by) == (2, "ben")


def test_what_was_typed_is_dropped_by_opening_the_page_anew(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's"})
    response = save(ben, draft_study, bens | {"title": "Ben's"})
    assert f'href="{page_of(draft_study)}">Drop mine' in response.content.decode()
    assert opened(ben, draft_study)["title"] == "Ann's"


def test_a_third_save_meanwhile_is_met_in_the_same_way(ann: Client, ben: Client, draft_study: Study) -> None:
    bens, anns = opened(ben, draft_study), opened(ann, draft_study)
    save(ann, draft_study, anns | {"title": "Ann's"})
    both = fields_of(save(ben, draft_study, bens | {"quota": "12"}))
    save(ann, draft_study, opened(ann, draft_study) | {"goal": "0.5"})
    response = save(ben, draft_study, both)
    assert response.status_code == 409
    assert differences(response) == {("Goal", "0.5", ""), ("Quota", "", "12")}
    save(ben, draft_study, fields_of(response))
    assert (draft_study.title, draft_study.goal, draft_study.quota) == ("Ann's", 0.5, 12)


def test_boxes_choices_and_money_are_told_in_words(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    anns = opened(ann, draft_study) | {"reward_cents": "3.50", "restart_rule": "refused"}
    save(ann, draft_study, {name: value for name, value in anns.items() if name != "comprehension_check"})
    response = save(ben, draft_study, bens | {"restart_rule": "new_cell", "only_verified": "on"})
    assert differences(response) == {
        ("Reward", "3.50", ""),
        ("After a return", "not let in again", "a new visit, allocated anew"),
        ("Only verified entries", "", "yes"),
        ("Comprehension check", "no", ""),
    }
    save(ben, draft_study, fields_of(response))
    assert (draft_study.reward_cents, draft_study.restart_rule) == (350, "new_cell")
    assert (draft_study.only_verified, draft_study.comprehension_check) == (True, False)


def test_translations_of_both_stand_beside_each_other(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"translations-de-title": "Quadrate"})
    response = save(ben, draft_study, bens | {"translations-de-introduction": "Zeile\r\nZeile"})
    save(ben, draft_study, fields_of(response))
    assert draft_study.translations["de"] == {"title": "Quadrate", "introduction": "Zeile\r\nZeile"}


def test_rows_that_both_changed_added_and_took_out_are_all_there(
    ann: Client, ben: Client, draft_study: Study, base_model: BaseModel
) -> None:
    draft_study.conditions.create(position=1, name="one")
    draft_study.conditions.create(position=2, name="two")
    bens, anns = opened(ben, draft_study), opened(ann, draft_study)
    oval = {"tasks-1-base_model": base_model.pk, "tasks-1-target": f"{base_model.dataset_id}:{OVAL}"}
    limits = {"min_phrases": 1, "max_phrases": 20, "time_limit_s": 600, "text_template": "a {phrase}"}
    added = oval | {f"tasks-1-{name}": value for name, value in limits.items()} | {"tasks-TOTAL_FORMS": 2}
    save(ann, draft_study, anns | added | {"tasks-0-max_phrases": "9", "conditions-0-DELETE": "on"})
    three = {"conditions-TOTAL_FORMS": 3, "conditions-2-name": "three"}
    response = save(ben, draft_study, bens | three | {"tasks-0-min_phrases": "2", "conditions-1-name": "zwei"})
    assert differences(response) == {
        ("Task 1: Most phrases", "9", ""),
        ("Task 1: Least phrases", "", "2"),
        ("Task 2", "added", ""),
        ("Condition 1 as you opened it", "taken out", ""),
        ("Condition 1: Name", "", "zwei"),
        ("New condition", "", "added"),
    }
    assert save(ben, draft_study, fields_of(response)).status_code == 302
    tasks = draft_study.tasks.values_list("target_class", "min_phrases", "max_phrases")
    assert list(tasks) == [(SQUARE, 2, 9), (OVAL, 1, 20)]
    assert list(draft_study.conditions.values_list("name", flat=True)) == ["zwei", "three"]


def test_a_row_that_the_other_took_out_comes_back_where_one_typed_into_it(
    ann: Client, ben: Client, draft_study: Study
) -> None:
    for position, name in enumerate(("one", "two"), start=1):
        draft_study.conditions.create(position=position, name=name)
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"conditions-0-DELETE": "on"})
    response = save(ben, draft_study, bens | {"conditions-0-name": "eins", "conditions-1-DELETE": "on"})
    assert differences(response) == {
        ("Condition 1 as you opened it", "taken out", "added again, with what you typed"),
        ("Condition 1", "", "taken out"),
    }
    save(ben, draft_study, fields_of(response))
    assert list(draft_study.conditions.values_list("name", flat=True)) == ["eins"]


def test_what_is_wrong_besides_is_said_with_it(ann: Client, ben: Client, draft_study: Study) -> None:
    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"no_consent_code": "NO"})
    response = save(ben, draft_study, bens | {"reward_cents": "3.505"})
    page = response.content.decode()
    assert "To be mended before it can be stored:" in page
    assert '<a href="#id_reward_cents">Reward</a>' in page
    assert fields_of(response)["reward_cents"] == "3.505"


def test_classes_that_were_added_elsewhere_are_a_save_too(
    ben: Client, draft_study: Study, base_model: BaseModel
) -> None:
    bens = opened(ben, draft_study)
    class_lists.add(draft_study, base_model, ["oval"], by="ann")
    response = save(ben, draft_study, bens | {"title": "Ben's"})
    assert response.status_code == 409
    assert differences(response) == {("Title", "", "Ben's"), ("Task 2", "added", "")}


def test_tasks_that_have_no_place_on_the_form_any_more_are_said_to_be_lost(
    ben: Client, draft_study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bens = opened(ben, draft_study)
    class_lists.add(draft_study, base_model, ["oval"], by="ann")
    monkeypatch.setattr("annotations.admin.study_admin.MAX_ON_FORM", 1)
    response = save(ben, draft_study, bens | {"title": "Ben's", "tasks-0-max_phrases": "9"})
    assert ("Tasks", "now on the page “Many classes”", "not kept: do it there") in differences(response)
    assert save(ben, draft_study, fields_of(response)).status_code == 302
    assert draft_study.tasks.count() == 2


def test_tasks_that_have_a_place_on_the_form_only_now_are_not_said_to_be_new(
    ben: Client, draft_study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_lists.add(draft_study, base_model, ["oval"], by="ann")
    monkeypatch.setattr("annotations.admin.study_admin.MAX_ON_FORM", 1)
    bens = opened(ben, draft_study)
    assert "tasks-TOTAL_FORMS" not in bens
    class_lists.remove(draft_study, [draft_study.tasks.get(target_class=OVAL).position], by="ann")
    response = save(ben, draft_study, bens | {"title": "Ben's"})
    assert differences(response) == {("Title", "", "Ben's")}
    assert save(ben, draft_study, fields_of(response)).status_code == 302
    assert (draft_study.title, draft_study.tasks.get().target_class) == ("Ben's", SQUARE)


def test_a_draft_that_is_deleted_while_both_are_laid_together_is_not_found(
    ann: Client, ben: Client, draft_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def merge_and_delete(*given: Any) -> draft_merge.Merged:
        merged = draft_merge.merge(*given)
        Study.objects.filter(pk=draft_study.pk).delete()
        return merged

    bens = opened(ben, draft_study)
    save(ann, draft_study, opened(ann, draft_study) | {"title": "Ann's"})
    monkeypatch.setattr("annotations.admin.studies.draft_conflicts.merge", merge_and_delete)
    response = ben.post(page_of(draft_study), bens | {"title": "Ben's"})
    assert response.status_code == 404


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
