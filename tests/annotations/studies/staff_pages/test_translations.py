"""A draft's texts in other languages, in the admin's form."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from annotations.models import Study


def address(study: Study) -> str:
    return reverse("admin:annotations_study_setup", args=[study.pk])


def form_of(client: Client, study: Study) -> dict[str, str]:
    """What a browser would send back of the form as it stands."""
    page = BeautifulSoup(client.get(address(study)).content, "html.parser")
    form = page.find("form", id="study_form")
    assert form
    fields: dict[str, str] = {}
    for control in form.find_all(["input", "textarea", "select"]):
        if control.get("type") in {"checkbox", "submit", "button"} and not control.has_attr("checked"):
            continue
        chosen = control.find("option", selected=True)
        value = chosen.get("value", "") if chosen else control.get("value") or control.get_text().lstrip("\n")
        if control.get("name"):
            fields[str(control["name"])] = str(value or "")
    return fields


def save(client: Client, study: Study, **changes: str) -> Any:
    fields = form_of(client, study) | {name.replace("__", "-"): value for name, value in changes.items()}
    return client.post(address(study), fields)


def test_what_is_written_is_stored_by_language_and_shown_again(coordinator_client: Client, draft_study: Study) -> None:
    response = save(
        coordinator_client,
        draft_study,
        translations__de__consent_text=" Sind Sie einverstanden? ",
        translations__de__title="Formen",
    )
    assert response.status_code == 302
    draft_study.refresh_from_db()
    assert draft_study.translations == {"de": {"consent_text": "Sind Sie einverstanden?", "title": "Formen"}}
    assert form_of(coordinator_client, draft_study)["translations-de-title"] == "Formen"


def test_texts_are_composed_before_their_characters_are_counted(coordinator_client: Client, draft_study: Study) -> None:
    decomposed = {"consent_text": 20_000 * "e\u0301", "translations__de__title": 120 * "e\u0301"}
    assert save(coordinator_client, draft_study, **decomposed).status_code == 302
    draft_study.refresh_from_db()
    assert draft_study.consent_text == 20_000 * "\u00e9"
    assert draft_study.translations == {"de": {"title": 120 * "\u00e9"}}
    assert save(coordinator_client, draft_study, consent_text=20_001 * "a").status_code == 200


def test_a_form_saved_again_keeps_the_translations(coordinator_client: Client, draft_study: Study) -> None:
    Study.objects.update(translations={"de": {"title": "Formen"}})
    assert save(coordinator_client, draft_study, title="Shapes").status_code == 302
    draft_study.refresh_from_db()
    assert (draft_study.title, draft_study.translations) == ("Shapes", {"de": {"title": "Formen"}})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"translations__en__title": "Shapes"}, "own texts are in English: write them there"),
        ({"translations__de__end_questions": "Wie war es?"}, "must be as many as the study’s own"),
        ({"translations__de__title": 121 * "e\u0301"}, "The title in Deutsch is longer than 120 characters"),
        ({"translations__de__title": 481 * "a"}, "The title in Deutsch is longer than 120 characters"),
        (
            {"translations__de__consent_text": 20_001 * "a"},
            "The consent text in Deutsch is longer than 20000 characters",
        ),
    ],
)
def test_what_cannot_stand_in_for_the_studys_own_is_refused_and_kept_in_the_form(
    coordinator_client: Client, draft_study: Study, changes: dict[str, str], sentence: str
) -> None:
    response = save(coordinator_client, draft_study, **changes)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert next(iter(changes.values())) in response.content.decode()
    draft_study.refresh_from_db()
    assert draft_study.translations == {}
