"""Studies in the admin: set up as a draft, moved by POST only, read-only once open."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.models import BaseModel, Control, Dataset, Rehearsal, Role, Run, Study, StudyState, Task
from annotations.pages.number_formats import MoneyField
from annotations.queue import jobs
from annotations.studies import rehearsal_requests
from annotations.studies.staff_pages.new_study_page import make_draft
from annotations.studies.staff_pages.study_forms import MAX_ERRORS
from tests.annotations.results.staff_pages.test_findings import train_control
from tests.support.actors import OVAL, SQUARE, Visit
from tests.support.analysis_studies import analyse
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import one


def page_of(study: Study) -> str:
    return reverse("admin:annotations_study_change", args=[study.pk])


def set_up_of(study: Study) -> str:
    return reverse("admin:annotations_study_setup", args=[study.pk])


def step_of(study: Study, name: str) -> str:
    return reverse("admin:annotations_study_step", args=[study.pk, name])


def form(base_model: BaseModel, *targets: str, **changed: object) -> dict[str, Any]:
    """The fields of a study with one task for each target, as a browser sends them."""
    fields: dict[str, Any] = {
        "seen_revision": 0,
        "title": "Squares",
        "slug": "squares",
        "language": "en",
        "phrase_language": "en",
        "consent_text": "Do you agree?",
        "participant_parameter": "PROLIFIC_PID",
        "study_parameter": "STUDY_ID",
        "session_parameter": "SESSION_ID",
        "completion_code": "ABC",
        "audience": "crowd",
        "keyword_display": "none",
        "scheme": "class_equal",
        "task_order": "fixed",
        "restart_rule": "same_cell",
        "lease_minutes": 90,
        "new_concept_chance": 0.1,
        "currency": "GBP",
        "min_hourly_cents": "9.00",
        "alarm_dropout": 0.4,
        "alarm_failed_check": 0.3,
        "tasks-TOTAL_FORMS": len(targets),
        "tasks-INITIAL_FORMS": 0,
        "conditions-TOTAL_FORMS": 0,
        "conditions-INITIAL_FORMS": 0,
    }
    for i, target in enumerate(targets):
        task = {
            "base_model": base_model.pk,
            "target": target,
            "text_template": "an image of a {phrase}",
            "min_phrases": 1,
            "max_phrases": 20,
            "time_limit_s": 600,
        }
        fields |= {f"tasks-{i}-{name}": value for name, value in task.items()}
    return fields | changed


def save(client: Client, fields: dict[str, Any]) -> Any:
    """Fill in the set-up of the draft: of a new one, without a task, where there is none."""
    study = Study.objects.first() or make_draft("Squares", by="coordinator")
    return client.post(page_of(study), {**fields, "seen_revision": study.revision})


def test_a_draft_is_stored_with_its_tasks_numbered(coordinator_client: Client, base_model: BaseModel) -> None:
    targets = (f"{base_model.dataset_id}:{OVAL}", "")
    response = save(coordinator_client, form(base_model, *targets))
    study = Study.objects.get()
    assert response.headers["Location"] == page_of(study)
    assert study.state == StudyState.DRAFT
    assert list(study.tasks.values_list("position", "target_class")) == [(1, OVAL), (2, None)]


def test_a_draft_takes_suggestions(coordinator_client: Client, base_model: BaseModel) -> None:
    suggesting = {"suggest_rewordings": "on", "tasks-0-suggested_words": "red\n\n blue \n"}
    save(coordinator_client, form(base_model, "", **suggesting))
    study = Study.objects.get()
    assert study.suggest_rewordings
    assert study.tasks.get().suggestions == ["red", "blue"]


def test_a_language_that_the_encoder_does_not_understand_is_refused_with_the_way_on(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    german = {"phrase_language": "de", "tasks-0-text_template": "ein Bild von {phrase}"}
    page = save(coordinator_client, form(base_model, "", **german)).content.decode()
    assert (
        "The encoder of sprites-like v1 (python:tests.support.fake_encoder) does not understand German. Let people "
        "write in another language, or import the data set again with an encoder that understands it." in page
    )
    assert not Task.objects.exists()


def test_a_template_in_another_language_is_refused_with_the_one_to_use(
    coordinator_client: Client, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dataset, "phrase_languages", ("en", "de"))
    page = save(coordinator_client, form(base_model, "", phrase_language="de")).content.decode()
    assert "The text template is English, but people write in German. Use “ein Bild von {phrase}”." in page
    german = {"phrase_language": "de", "tasks-0-text_template": "ein Bild von {phrase}"}
    save(coordinator_client, form(base_model, "", **german))
    assert Study.objects.get().phrase_language == "de"


def test_money_is_typed_in_units_and_kept_in_hundredths(coordinator_client: Client, base_model: BaseModel) -> None:
    save(coordinator_client, form(base_model, "", reward_cents="3.50", bonus_cents="0.05"))
    study = Study.objects.get()
    assert (study.reward_cents, study.bonus_cents, study.min_hourly_cents) == (350, 5, 900)
    assert 'name="reward_cents" value="3.50"' in coordinator_client.get(set_up_of(study)).content.decode()


def test_an_open_study_shows_money_as_it_was_typed(coordinator_client: Client, open_study: Study) -> None:
    Study.objects.update(reward_cents=180, bonus_cents=50)
    rows = {name: one(coordinator_client.get(set_up_of(open_study)), f".field-{name}") for name in MoneyField.OF_STUDY}
    read = [(row.select("label")[0].text.strip(":"), row.select(".readonly")[0].text) for row in rows.values()]
    assert read == [("Reward", "1.80"), ("Least pay an hour", "9.00"), ("Bonus", "0.50")]
    model = one(coordinator_client.get(set_up_of(open_study)), ".field-frozen_model").text.strip()
    assert model == "sprites-like v1: own predictions “by colour”, λ 0.01"  # not by what commands call it


def test_money_of_three_decimals_is_refused(coordinator_client: Client, base_model: BaseModel) -> None:
    page = save(coordinator_client, form(base_model, "", reward_cents="3.505")).content.decode()
    assert '<a href="#id_reward_cents">Reward</a>: Ensure that there are no more than 2 decimal places.' in page


def test_conditions_are_numbered_in_the_order_given(coordinator_client: Client, base_model: BaseModel) -> None:
    conditions = {
        "conditions-TOTAL_FORMS": 2,
        "conditions-0-name": "with words",
        "conditions-0-keyword_display": "on_demand",
        "conditions-0-show_suggestions": "on",
        "conditions-1-name": "without",
    }
    save(coordinator_client, form(base_model, "", **conditions))
    stored = Study.objects.get().conditions.values_list("position", "name", "show_suggestions", "keyword_display")
    assert list(stored) == [(1, "with words", True, "on_demand"), (2, "without", False, "none")]


def test_every_error_is_linked_from_the_top(coordinator_client: Client, base_model: BaseModel) -> None:
    wrong = {"title": "", "no_consent_code": "ABC", "tasks-0-min_phrases": 30, "tasks-0-time_limit_s": 5}
    page = save(coordinator_client, form(base_model, "", **wrong)).content.decode()
    summary = page[page.index('id="form-errors"') :]
    for expected in ('<a href="#id_title">Title</a>', "Each outcome needs a code of its own", "Task 1: "):
        assert expected in summary
    assert (
        '<a href="#id_tasks-0-time_limit_s">Task 1: Time limit, seconds</a>: Give from 30 to 7,200 seconds.' in summary
    )
    assert "not below the least number of phrases." in summary and "Constraint" not in page


def test_the_form_offers_classes_by_name_and_the_most_errors_first(
    coordinator_client: Client, draft_study: Study
) -> None:
    page = coordinator_client.get(set_up_of(draft_study)).content.decode()
    assert page.index(MAX_ERRORS) < page.index(">square<") < page.index(">oval<")
    assert 'name="completion_code" value="' in page


def test_a_class_of_another_data_set_is_refused_at_its_field(coordinator_client: Client, base_model: BaseModel) -> None:
    other = Dataset.objects.get()
    other.pk, other.name, other.digest = None, "others", "f" * 64
    other.save()
    BaseModel.objects.create(
        dataset=other, name="m", origin="imported", l2=1, predictions=b"", validation_accuracies=[], test_metrics={}
    )
    response = save(coordinator_client, form(base_model, f"{other.pk}:{SQUARE}"))
    assert "The data set of by colour" in response.content.decode()
    assert not Task.objects.exists()


def test_two_tasks_cannot_take_one_place(coordinator_client: Client, base_model: BaseModel) -> None:
    places = {"tasks-0-position": 1, "tasks-1-position": 1}
    response = save(coordinator_client, form(base_model, "", "", **places))
    assert response.status_code == 200
    assert "duplicate" in response.content.decode()
    assert not Task.objects.exists()


def test_the_class_of_a_draft_can_be_set_back_to_the_most_errors(
    coordinator_client: Client, draft_study: Study, base_model: BaseModel
) -> None:
    task = draft_study.tasks.get()
    kept = {"tasks-INITIAL_FORMS": 1, "tasks-0-id": task.pk, "tasks-0-study": draft_study.pk, "tasks-0-position": 1}
    coordinator_client.post(page_of(draft_study), form(base_model, "", slug="sprites", **kept))
    task.refresh_from_db()
    draft_study.refresh_from_db()
    assert (draft_study.title, task.target_class) == ("Squares", None)


@pytest.mark.parametrize(
    ("start", "name", "end"),
    [
        (StudyState.ACTIVE, "pause", StudyState.PAUSED),
        (StudyState.ACTIVE, "close", StudyState.CLOSED),
        (StudyState.PAUSED, "resume", StudyState.ACTIVE),
    ],
)
def test_a_study_moves_by_post_after_a_page_that_asks(
    coordinator_client: Client, open_study: Study, start: str, name: str, end: str
) -> None:
    Study.objects.update(state=start)
    assert coordinator_client.get(step_of(open_study, name)).status_code == 200
    open_study.refresh_from_db()
    assert open_study.state == start
    response = coordinator_client.post(step_of(open_study, name))
    open_study.refresh_from_db()
    assert (response.status_code, open_study.state) == (302, end)


def test_a_refused_opening_gives_every_reason_and_changes_nothing(
    coordinator_client: Client, draft_study: Study, base_model: BaseModel
) -> None:
    draft_study.tasks.update(target_class=7)
    draft_study.tasks.create(position=2, base_model=base_model, target_class=9)
    response = coordinator_client.post(step_of(draft_study, "open"))
    text = response.content.decode()
    draft_study.refresh_from_db()
    assert (response.status_code, draft_study.state) == (409, StudyState.DRAFT)
    assert "no class number 7" in text and "no class number 9" in text
    assert "no class number 7" in coordinator_client.get(page_of(draft_study)).content.decode()


def test_a_step_that_the_state_does_not_allow_is_refused(coordinator_client: Client, draft_study: Study) -> None:
    response = coordinator_client.post(step_of(draft_study, "close"))
    assert response.status_code == 409
    assert "The study is draft" in response.content.decode()


def test_a_step_needs_a_csrf_token(coordinator: User, draft_study: Study) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    assert client.post(step_of(draft_study, "open")).status_code == 403
    draft_study.refresh_from_db()
    assert draft_study.state == StudyState.DRAFT


def test_an_open_study_cannot_be_changed_or_deleted(coordinator_client: Client, open_study: Study) -> None:
    page = coordinator_client.get(page_of(open_study)).content.decode()
    assert 'name="title"' not in page
    changed = coordinator_client.post(page_of(open_study), {"title": "Another"})
    deleted = coordinator_client.post(f"/admin/annotations/study/{open_study.pk}/delete/", {"post": "yes"})
    open_study.refresh_from_db()
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert open_study.title == "The sprites study"


def test_a_draft_can_be_deleted(coordinator_client: Client, draft_study: Study) -> None:
    coordinator_client.post(f"/admin/annotations/study/{draft_study.pk}/delete/", {"post": "yes"})
    assert not Study.objects.exists()


def test_a_form_that_was_open_while_the_study_opened_is_refused(
    coordinator_client: Client, draft_study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotations.site.study_admin.is_draft", lambda study: True)
    Study.objects.update(state=StudyState.ACTIVE, opened_at="2026-01-01T00:00Z")
    task = draft_study.tasks.get()
    kept = {"tasks-INITIAL_FORMS": 1, "tasks-0-id": task.pk, "tasks-0-study": draft_study.pk, "tasks-0-position": 1}
    response = coordinator_client.post(page_of(draft_study), form(base_model, "", slug="sprites", **kept))
    draft_study.refresh_from_db()
    assert "opened in the meantime" in response.content.decode()
    assert draft_study.title == "The sprites study"


def test_an_analyst_sees_the_overview_without_acts(open_study: Study, client: Client) -> None:
    analyst = User.objects.create_user("analyst", is_staff=True)
    open_study.members.create(user=analyst, role=Role.ANALYST)
    client.force_login(analyst)
    page = client.get(page_of(open_study)).content.decode()
    assert "Participants’ link" in page and "Next step" not in page
    assert step_of(open_study, "pause") not in page
    assert client.post(step_of(open_study, "pause")).status_code == 404
    open_study.refresh_from_db()
    assert open_study.state == StudyState.ACTIVE


def test_staff_without_a_role_find_nothing(open_study: Study, client: Client) -> None:
    client.force_login(User.objects.create_user("new", is_staff=True))
    assert client.get(page_of(open_study)).status_code == 404
    assert client.get(reverse("admin:annotations_study_export", args=[open_study.pk])).status_code == 404
    assert "The sprites study" not in client.get("/admin/").content.decode()


def test_participants_and_strangers_are_sent_to_the_login(alice: Visit, open_study: Study) -> None:
    for address in (page_of(open_study), step_of(open_study, "close"), "/admin/"):
        for client in (alice.client, Client()):
            assert client.post(address).headers["Location"].startswith("/admin/login/")


def test_an_unknown_step_or_study_is_not_found(coordinator_client: Client, draft_study: Study) -> None:
    assert coordinator_client.get(step_of(draft_study, "delete-all")).status_code == 404
    assert coordinator_client.get("/admin/annotations/study/0/step/open/").status_code == 404


def test_the_list_and_the_start_page_count_people_phrases_and_runs(
    coordinator_client: Client, alice: Visit, bob: Visit
) -> None:
    add_run(add_phrase(alice, "red", 0.5), 0.5)
    add_phrase(alice, "waits")
    for address in ("/admin/annotations/study/", "/admin/"):
        page = coordinator_client.get(address)
        listed = page.context["cl"].result_list[0] if "cl" in page.context else page.context["studies"][0]
        assert (listed.n_sessions, listed.n_finished, listed.n_phrases, listed.n_runs) == (2, 0, 2, 1)


def test_the_overview_counts_each_person_once_however_many_phrases(
    coordinator_client: Client, open_study: Study, alice: Visit, bob: Visit
) -> None:
    for text in ("red", "blue", "dark"):
        add_phrase(alice, text)

    def flow() -> dict[str, int]:
        return {step["label"]: step["n"] for step in coordinator_client.get(page_of(open_study)).context["flow"]}

    came = {"entered": 2, "agreed": 2, "were given a task": 2, "wrote a phrase": 1, "finished with a phrase": 0}
    assert flow() == came  # nothing is analysed yet
    assert not coordinator_client.get(page_of(open_study)).context["sheets"]
    analyse(open_study)
    assert flow() == came  # whom the results count is told beside them
    (told,) = coordinator_client.get(page_of(open_study)).context["sheets"]
    assert told.facts.class_name == "square"


def test_the_overview_has_the_study_analysed_and_says_so(coordinator_client: Client, open_study: Study) -> None:
    shown = coordinator_client.get(f"/admin/annotations/study/{open_study.pk}/change/").content.decode()
    assert "The statistics of this study are being computed." in shown
    assert open_study.analyses.get().finished_at is None


def test_the_newest_phrases_have_what_words_add_not_an_accuracy_that_any_retraining_reaches(
    coordinator_client: Client, open_study: Study, alice: Visit
) -> None:
    base_model = alice.assignment.task.base_model
    train_control(base_model)  # it reaches .5
    run = add_run(add_phrase(alice, "qwertz", 0.2), 0.5)
    Run.objects.filter(pk=run.pk).update(control=Control.objects.get(), own_gain_low=-0.02, own_gain_high=0.03)
    recent = one(coordinator_client.get(page_of(open_study)), ".recent")
    assert "+0.0 (−2.0 to +3.0)" in " ".join(recent.text.split()) and "50.0%" not in recent.text


def test_a_phrase_is_escaped_on_the_overview(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    add_phrase(alice, "<script>alert(1)</script>")
    page = coordinator_client.get(page_of(open_study)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_draft_that_was_rehearsed_is_deleted_after_what_that_left(
    coordinator_client: Client, draft_study: Study
) -> None:
    rehearsal_requests.request_rehearsal(draft_study, 1, by="coordinator")
    job = jobs.claim(Rehearsal)
    assert job is not None
    jobs.fail(job, "nobody got through.")
    delete = f"/admin/annotations/study/{draft_study.pk}/delete/"
    response = coordinator_client.post(delete, {"post": "yes"}, follow=True)
    assert "Discard what previews and rehearsals left first." in response.content.decode()
    coordinator_client.post(response.request["PATH_INFO"], {"act": "discard"})
    coordinator_client.post(delete, {"post": "yes"})
    assert not Study.objects.exists()
