"""Opening a study: what is refused, what freezes."""

import hashlib
import json
from pathlib import Path

import pytest
from django.conf import settings

from annotations.base.service_errors import NotPossible, StudyNotReady
from annotations.log import events
from annotations.models import BaseModel, Dataset, Event, Study, StudyConfiguration, StudyState, event_kinds
from annotations.models.arrays import pack_int32
from annotations.studies import lifecycle
from annotations.studies.lifecycle import freeze
from tests.support.actors import OVAL, SQUARE


def test_an_open_study_is_active_and_says_so_in_the_log(draft_study: Study) -> None:
    study = lifecycle.open_study(draft_study, without_rehearsal=True)
    assert study.state == StudyState.ACTIVE
    assert study.opened_at is not None
    event = Event.objects.get(study=study)
    assert (event.kind, event.payload["configuration"]) == (event_kinds.STUDY_OPENED, 1)
    assert event.payload["without_rehearsal"] is True
    carried = event.payload[events.ROWS]
    assert (list(carried["configuration"]), list(carried["task"])) == (["1"], ["1"])
    assert carried["study"][str(study.pk)]["state"] == "active"


def test_the_configuration_holds_study_tasks_and_data_and_its_digest_can_be_computed_again(draft_study: Study) -> None:
    lifecycle.open_study(draft_study, without_rehearsal=True)
    configuration = StudyConfiguration.objects.get(study=draft_study)
    task = configuration.data["tasks"][0]
    dataset = Dataset.objects.get()
    assert configuration.version == 1
    assert configuration.data["study"]["introduction"] == draft_study.introduction
    assert (task["class_name"], task["time_limit_s"]) == ("square", 600)
    base_model = configuration.data["base_models"][task["base_model"]]
    assert base_model["dataset"]["digest"] == dataset.digest
    assert base_model["test_metrics"]["worst_group"] == pytest.approx(0.25)
    canonical = json.dumps(configuration.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert configuration.digest == hashlib.sha256(canonical.encode()).hexdigest()


def test_a_base_model_stands_once_in_the_configuration_however_many_tasks_show_it(draft_study: Study) -> None:
    first = draft_study.tasks.get()
    for position in range(2, 12):
        draft_study.tasks.create(position=position, base_model=first.base_model, target_class=position % 2)
    data = freeze(draft_study).data
    assert list(data["base_models"]) == [str(first.base_model)]
    assert {task["base_model"] for task in data["tasks"]} == set(data["base_models"])
    assert [task["class_name"] for task in data["tasks"]] == ["square", *["square", "oval"] * 5]


def test_no_code_and_no_outside_id_is_part_of_the_configuration(draft_study: Study) -> None:
    Study.objects.update(external_study_id="outside-study-id", no_consent_code="NOCODE99")
    lifecycle.open_study(draft_study, without_rehearsal=True)
    text = json.dumps(StudyConfiguration.objects.get().data)
    assert "C0DE1234" not in text
    assert "NOCODE99" not in text
    assert "outside-study-id" not in text


def test_a_task_without_a_class_gets_the_one_with_most_errors(draft_study: Study) -> None:
    draft_study.tasks.update(target_class=None)
    lifecycle.open_study(draft_study, without_rehearsal=True)
    assert draft_study.tasks.get().target_class == SQUARE


def test_a_study_without_tasks_is_refused(draft_study: Study) -> None:
    draft_study.tasks.all().delete()
    with pytest.raises(StudyNotReady, match="no task"):
        lifecycle.open_study(draft_study, without_rehearsal=True)


@pytest.mark.parametrize(("predicted", "kind"), [(SQUARE, "wrong"), (OVAL, "right")])
def test_a_class_that_is_all_right_or_all_wrong_is_refused(
    draft_study: Study, base_model: BaseModel, predicted: int, kind: str
) -> None:
    model = BaseModel.objects.create(
        dataset=base_model.dataset,
        name="always the same",
        origin=base_model.origin,
        l2=0.01,
        predictions=pack_int32(base_model.predicted * 0 + predicted),
        validation_accuracies=[],
        test_metrics=base_model.test_metrics,
    )
    draft_study.tasks.update(base_model=model)
    with pytest.raises(StudyNotReady, match=f"no {kind} validation image in class “square”"):
        lifecycle.open_study(draft_study, without_rehearsal=True)
    draft_study.refresh_from_db()
    assert draft_study.state == StudyState.DRAFT
    assert not StudyConfiguration.objects.exists()


def test_a_data_set_whose_files_are_gone_is_refused_by_name(draft_study: Study) -> None:
    Dataset.objects.update(directory="datasets/moved/elsewhere")
    with pytest.raises(StudyNotReady, match=r"Task 1: .*manifest\.json"):
        lifecycle.open_study(draft_study, without_rehearsal=True)
    assert not (Path(settings.DATA_ROOT) / "datasets/moved").exists()


def test_a_data_set_without_an_encoder_is_refused(draft_study: Study) -> None:
    Dataset.objects.update(similarity_encoder="")
    with pytest.raises(StudyNotReady, match="has no similarity encoder"):
        lifecycle.open_study(draft_study, without_rehearsal=True)


def test_a_class_number_beyond_the_data_set_is_refused(draft_study: Study) -> None:
    draft_study.tasks.update(target_class=7)
    with pytest.raises(StudyNotReady, match="no class number 7"):
        lifecycle.open_study(draft_study, without_rehearsal=True)


def test_every_reason_is_given_at_once(draft_study: Study, base_model: BaseModel) -> None:
    draft_study.tasks.update(target_class=7)
    draft_study.tasks.create(position=2, base_model=base_model, text_template="{phrase} and {phrase}")
    with pytest.raises(StudyNotReady) as refusal:
        lifecycle.open_study(draft_study, without_rehearsal=True)
    assert [reason[:6] for reason in refusal.value.reasons] == ["Task 1", "Task 2"]


def test_an_open_study_cannot_be_opened_again(draft_study: Study) -> None:
    lifecycle.open_study(draft_study, without_rehearsal=True)
    with pytest.raises(NotPossible, match="active"):
        lifecycle.open_study(draft_study, without_rehearsal=True)
    assert StudyConfiguration.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("completion_url", "app.prolific.com/submissions/complete?cc={code}", "completion address"),
        ("completion_url", "javascript:alert(1)//{code}", "completion address"),
        ("external_study_id", "64a0 (the pilot)", "study id"),
        ("session_parameter", "PROLIFIC_PID", "different names"),
    ],
)
def test_links_that_would_lead_nowhere_are_refused(draft_study: Study, field: str, value: str, reason: str) -> None:
    Study.objects.update(**{field: value})
    with pytest.raises(StudyNotReady, match=reason):
        lifecycle.open_study(draft_study, without_rehearsal=True)
    draft_study.refresh_from_db()
    assert draft_study.state == StudyState.DRAFT


@pytest.mark.parametrize("url", ["", "https://app.prolific.com/submissions/complete?cc={code}"])
def test_a_study_opens_with_and_without_an_address_to_send_people_back_to(draft_study: Study, url: str) -> None:
    Study.objects.update(completion_url=url, external_study_id="64a0f1b2c3d4e5f6a7b8c9d0")
    assert lifecycle.open_study(draft_study, without_rehearsal=True).state == StudyState.ACTIVE


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("r" * 121, "“r{121}” are 121 characters long, and a phrase has at most 120"),
        ("?!", "“\\?!” could not be submitted"),
    ],
)
def test_a_suggestion_that_nobody_could_submit_is_refused_with_the_word(
    draft_study: Study, word: str, reason: str
) -> None:
    draft_study.tasks.update(suggested_words=f"red\n{word}\n")
    with pytest.raises(StudyNotReady, match=f"Task 1: The suggested words {reason}"):
        lifecycle.open_study(draft_study, without_rehearsal=True)
    draft_study.tasks.update(suggested_words=f"red\n{'r' * 120}")
    assert lifecycle.open_study(draft_study, without_rehearsal=True).state == StudyState.ACTIVE


def test_the_language_and_the_translations_freeze_too(draft_study: Study) -> None:
    Study.objects.update(consent_text="Do you agree?", translations={"de": {"title": "Formen"}})
    lifecycle.open_study(draft_study, without_rehearsal=True)
    frozen = StudyConfiguration.objects.get().data["study"]
    assert (frozen["language"], frozen["translations"]) == ("en", {"de": {"title": "Formen"}})
