"""A study of what another one left unnamed: a draft that shows these wrong images alone, beside all right ones."""

import numpy as np
import pytest

from annotations.base.service_errors import NotPossible
from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Study, StudyState
from annotations.studies.cloning import study_unnamed
from tests.support import actors
from tests.support.actors import OVAL, SQUARE, open_study
from tests.support.correcting import study_of_both
from tests.support.steps import submit_and_score


def keys_of(base_model: BaseModel, label: int, n: int) -> tuple[str, ...]:
    """Keys of the first n wrong images of a class."""
    images = class_images(base_model, label)
    rows = images.rows[images.is_error][:n]
    return tuple(key.decode() for key in base_model.dataset.files.image_keys[rows])


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    return study_of_both(base_model)


def test_its_tasks_show_the_unnamed_errors_alone_beside_the_right_images(study: Study, base_model: BaseModel) -> None:
    study.tasks.update(keywords="red\nblue")
    draft = study_unnamed(study, {1: keys_of(base_model, SQUARE, 3), 2: ()}, by="carla")
    task = draft.tasks.get()
    assert (draft.state, draft.slug, task.position, task.keywords) == (StudyState.DRAFT, "both-unnamed", 1, "")
    assert draft.title == "The both study: what nobody has named yet"
    before, shown = class_images(base_model, SQUARE), class_images(task.base_model, SQUARE)
    assert shown.rows[shown.is_error].tolist() == before.rows[before.is_error][:3].tolist()
    assert shown.rows[~shown.is_error].tolist() == before.rows[~before.is_error].tolist()
    ovals = class_images(task.base_model, OVAL)
    assert np.array_equal(ovals.rows, class_images(base_model, OVAL).rows)
    assert task.base_model.test_metrics["worst_group"] == base_model.test_metrics["worst_group"]
    assert (task.base_model.training["part_of"], task.base_model.training["hidden"]) == (
        base_model.name,
        before.n_error - 3,
    )
    assert class_images(base_model, SQUARE).n_error == before.n_error  # what the first study shows stays


def test_both_tasks_of_a_base_model_show_one_part_of_it(study: Study, base_model: BaseModel) -> None:
    draft = study_unnamed(study, {1: keys_of(base_model, SQUARE, 2), 2: keys_of(base_model, OVAL, 4)}, by="carla")
    (part,) = {task.base_model for task in draft.tasks.select_related("base_model__dataset")}
    assert (class_images(part, SQUARE).n_error, class_images(part, OVAL).n_error) == (2, 4)


def test_people_can_work_on_it(study: Study, base_model: BaseModel) -> None:
    draft = study_unnamed(study, {1: keys_of(base_model, SQUARE, 3)}, by="carla")
    visit = actors.start_visit(open_study(draft), "ann")
    (phrase,) = submit_and_score(visit, "red")
    assert phrase.score.n_error == 3


def test_a_second_draft_gets_another_name_and_another_part(study: Study, base_model: BaseModel) -> None:
    keys = keys_of(base_model, SQUARE, 3)
    first = study_unnamed(study, {1: keys}, by="carla")
    second = study_unnamed(study, {1: keys[:2]}, by="carla")
    assert (first.slug, second.slug) == ("both-unnamed", "both-unnamed-2")
    second.delete()
    third = study_unnamed(study, {1: keys[:1]}, by="carla")
    assert third.slug == "both-unnamed-3"  # the base model of the deleted draft is still there
    assert class_images(third.tasks.get().base_model, SQUARE).n_error == 1


def test_where_everything_is_named_it_says_so(study: Study) -> None:
    with pytest.raises(NotPossible, match="no images to show"):
        study_unnamed(study, {1: (), 2: ()}, by="carla")
    assert Study.objects.count() == 1
