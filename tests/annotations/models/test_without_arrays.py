"""What is as long as a data set stays in the database unless somebody asks for it."""

import pytest
from django.apps import apps
from django.db.models import BinaryField, Model

from annotations.models import Phrase, Score, StudyAnalysis, Task, VocabularyLevel
from annotations.models.arrays import without_arrays

SEALED = {"IdentityKey", "Submission", "Event", "Study", "AnnotationSession", "TotpDevice"}  # short, and no arrays


def test_neither_a_row_nor_what_is_joined_to_it_brings_arrays() -> None:
    phrases = Phrase.objects.select_related("score__run__base_model", "threshold_choice__run")
    sql = str(without_arrays(phrases).query)
    assert not [name for name in ("similarities", "text_embedding") if name in sql]
    assert sql.count('"worst_group_accuracy"') == 2  # of both runs, all else comes along


def test_rows_without_arrays_are_as_they_were() -> None:
    tasks = Task.objects.select_related("study")
    assert str(without_arrays(tasks).query) == str(tasks.query)


@pytest.mark.parametrize("model", [Score, StudyAnalysis, VocabularyLevel])
def test_every_array_is_named(model: type[Model]) -> None:
    found = {field.name for field in model._meta.concrete_fields if isinstance(field, BinaryField)}
    assert found == set(model.ARRAYS)  # type: ignore[attr-defined]


def test_no_other_model_has_arrays() -> None:
    of_bytes = {
        model.__name__
        for model in apps.get_app_config("annotations").get_models()
        if any(isinstance(field, BinaryField) for field in model._meta.concrete_fields)
    }
    assert of_bytes == SEALED | {
        "Score",
        "StudyAnalysis",
        "VocabularyLevel",
    }
