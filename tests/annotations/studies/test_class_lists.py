"""Tasks for many classes at once in a draft."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.base.service_errors import NotPossible
from annotations.datasets.class_images import classes_with_errors
from annotations.models import AuditRecord, SessionKind, Task
from annotations.studies import class_lists, lifecycle
from annotations.studies.class_lists import Added
from annotations.studies.lifecycle import freeze
from annotations.studies.preflight.task_checks import task_checks
from annotations.studies.readiness import reasons_not_ready
from annotations.visits import preview_links
from tests.support.actors import OVAL, SQUARE


@pytest.fixture
def draft(draft_study):
    draft_study.tasks.all().delete()
    return draft_study


def test_without_names_every_class_with_errors_gets_a_task_the_worst_first(draft, base_model):
    assert class_lists.add(draft, base_model, by="carol", time_limit_s=None) == Added(2, 0)
    rows = list(draft.tasks.order_by("position").values_list("position", "target_class", "time_limit_s"))
    assert rows == [(1, SQUARE, None), (2, OVAL, None)]
    act = AuditRecord.objects.get(act="classes_added")
    assert (act.actor, act.detail["tasks"]) == ("carol", 2)


def test_classes_without_right_or_without_wrong_images_are_none_of_them(base_model):
    for accuracies, found in (([0.0, 0.5], [1]), ([1.0, None], []), ([0.9, 0.2], [1, 0])):
        base_model.validation_accuracies = accuracies
        assert classes_with_errors(base_model) == found


def test_named_classes_come_in_their_order_each_once(draft, base_model):
    assert class_lists.add(draft, base_model, ["oval", "square", "oval"], by="carol") == Added(2, 0)
    assert list(draft.tasks.order_by("position").values_list("target_class", flat=True)) == [OVAL, SQUARE]


def test_a_class_that_has_a_task_is_left_as_it_is(draft_study, base_model):
    before = draft_study.tasks.get()
    assert class_lists.add(draft_study, base_model, by="carol", max_phrases=7) == Added(1, 1)
    assert draft_study.tasks.get(target_class=SQUARE).max_phrases == before.max_phrases
    assert draft_study.tasks.get(target_class=OVAL).position == 2


@pytest.mark.parametrize(
    ("names", "fields", "says"),
    [
        (["circle"], {}, "has no class “circle”"),
        ([], {"max_phrases": 0}, "from 1 to 200 that is not below"),
        ([], {"time_limit_s": 5}, "from 30 to 7,200 seconds"),
    ],
)
def test_what_is_not_right_is_refused_in_a_sentence_and_adds_nothing(draft, base_model, names, fields, says):
    with pytest.raises(NotPossible, match=says):
        class_lists.add(draft, base_model, names, by="carol", **fields)
    assert not draft.tasks.exists()


def test_a_study_has_no_more_tasks_than_it_can(draft, base_model, monkeypatch):
    monkeypatch.setattr(class_lists, "MOST", 1)
    with pytest.raises(NotPossible, match="at most 1 tasks"):
        class_lists.add(draft, base_model, by="carol")


def test_tasks_are_taken_out_by_number_or_all(draft, base_model):
    class_lists.add(draft, base_model, by="carol")
    assert class_lists.remove(draft, [1, 9], by="carol") == 1
    assert class_lists.remove(draft, by="carol") == 1
    assert not draft.tasks.exists()
    assert AuditRecord.objects.filter(act="classes_removed").count() == 2


def test_a_task_that_a_preview_used_is_not_taken_out(draft, base_model, coordinator):
    class_lists.add(draft, base_model, by="carol")
    token = preview_links.preview_url(draft, coordinator).partition("rehearsal=")[2]
    visit = preview_links.enter(draft, token)
    assert visit.kind == SessionKind.PREVIEW
    visit.assignments.create(task=draft.tasks.first(), position=1)
    with pytest.raises(NotPossible, match="Discard their visits"):
        class_lists.remove(draft, by="carol")
    assert draft.tasks.count() == 2


def test_an_open_study_keeps_its_tasks(draft, base_model):
    class_lists.add(draft, base_model, by="carol")
    lifecycle.open_study(draft, without_rehearsal=True)
    with pytest.raises(NotPossible):
        class_lists.add(draft, base_model, by="carol")
    with pytest.raises(NotPossible):
        class_lists.remove(draft, by="carol")


def test_what_is_asked_of_the_database_does_not_grow_with_the_tasks(draft, base_model, django_assert_max_num_queries):
    """Each base model is read once: its predictions are as long as the data set."""
    class_lists.add(draft, base_model, by="carol")
    with CaptureQueriesContext(connection) as few:
        freeze(draft)
        task_checks(draft)
        reasons_not_ready(draft)
    draft.tasks.bulk_create(
        Task(study=draft, base_model=base_model, target_class=SQUARE, position=position) for position in range(3, 90)
    )
    with django_assert_max_num_queries(len(few)):
        freeze(draft)
        task_checks(draft)
        reasons_not_ready(draft)
