"""A head that was trained on a data set's features is stored as a base model, with its predictions and metrics."""

import numpy as np
import pytest

from annotations.base.service_errors import NotPossible
from annotations.datasets import base_models
from annotations.datasets.base_models import store_trained_model
from annotations.datasets.class_images import default_target_class
from annotations.models import BaseModel, BaseModelOrigin, Dataset
from clarify_errors.arrays.common.modeling_errors import NothingToEvaluate
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.heads import Head
from tests.support.actors import OVAL, SQUARE


@pytest.fixture
def by_colour(sprites_like: Dataset) -> Head:
    """A head that says oval where an image is redder than blue: wrong for red squares and blue ovals."""
    features = sprites_like.files.array("features")
    n_dimensions = features.shape[1]
    coef = np.zeros((2, n_dimensions))
    coef[:, 0], coef[:, 2] = (-1, 1), (1, -1)
    plain = Standardization(np.zeros(n_dimensions, np.float32), np.ones(n_dimensions, np.float32))
    return Head.of(coef, np.zeros(2), plain, sprites_like.class_names)


def store(dataset: Dataset, head: Head, name: str = "erm", l2: float = 0.5) -> tuple[BaseModel, bool]:
    return store_trained_model(dataset, name=name, head=head, l2=l2, training={"loss": 0.25})


def rows_of_both(files: DatasetFiles) -> np.ndarray:
    return np.concatenate([files.rows(Split.VALIDATION), files.rows(Split.TEST)])


def test_validation_and_test_get_the_heads_predictions_and_train_gets_none(
    sprites_like: Dataset, by_colour: Head
) -> None:
    base_model, created = store(sprites_like, by_colour)
    assert created
    base_model.refresh_from_db()
    files = sprites_like.files
    assert files.attributes is not None
    shown = rows_of_both(files)
    assert base_model.predicted[shown].tolist() == files.attributes[shown].tolist()
    assert set(base_model.predicted[files.rows(Split.TRAIN)]) == {BaseModel.NO_PREDICTION}


def test_accuracies_and_metrics_are_stored_beside_them(sprites_like: Dataset, by_colour: Head) -> None:
    base_model, _ = store(sprites_like, by_colour)
    base_model.refresh_from_db()
    assert base_model.origin == BaseModelOrigin.TRAINED
    assert base_model.l2 == 0.5
    assert base_model.training == {"loss": 0.25}
    assert base_model.validation_accuracies == [0.5, 0.5]
    metrics = base_model.test_metrics
    assert metrics["accuracies"] == [1, 0, 0, 1]  # square blue, square red, oval blue, oval red
    assert metrics["counts"] == [12, 12, 12, 12]
    assert (metrics["worst_group"], metrics["average_plain"]) == (0, 0.5)
    assert metrics["average"] == pytest.approx(0.8)  # 80 of the 100 train images are in the groups that are right
    assert metrics["gap"] == pytest.approx(0.8)


def test_the_stored_head_is_the_one_that_predicted(sprites_like: Dataset, by_colour: Head) -> None:
    base_model, _ = store(sprites_like, by_colour)
    base_model.refresh_from_db()
    assert base_model.head is not None
    rows = rows_of_both(sprites_like.files)
    again = Head.from_bytes(bytes(base_model.head)).predict(sprites_like.files.array("features")[rows])
    assert np.array_equal(again, base_model.predicted[rows])


def test_the_same_name_and_l2_again_change_nothing(sprites_like: Dataset, by_colour: Head) -> None:
    first, _ = store(sprites_like, by_colour)
    again, created = store(sprites_like, by_colour)
    assert (again, created) == (first, False)
    assert BaseModel.objects.count() == 1


def test_another_l2_under_the_same_name_is_refused(sprites_like: Dataset, by_colour: Head) -> None:
    store(sprites_like, by_colour)
    with pytest.raises(NotPossible, match=r"λ = 0\.5, not 0\.01"):
        store(sprites_like, by_colour, l2=0.01)
    assert BaseModel.objects.get().l2 == 0.5


def test_a_name_that_imported_predictions_have_is_refused(base_model: BaseModel, by_colour: Head) -> None:
    with pytest.raises(NotPossible, match="imported predictions"):
        store(base_model.dataset, by_colour, name=base_model.name, l2=base_model.l2)


def test_the_default_target_is_the_class_with_the_highest_error_rate(base_model: BaseModel) -> None:
    assert default_target_class(base_model) == SQUARE  # 9 of 24 wrong, of the ovals 6


def test_images_without_a_prediction_do_not_count_towards_the_default_target(base_model: BaseModel) -> None:
    predictions = base_model.predicted.copy()
    squares = base_model.dataset.files.rows(Split.VALIDATION, SQUARE)
    wrong = squares[predictions[squares] != SQUARE]
    predictions[wrong] = BaseModel.NO_PREDICTION
    base_model.predicted = predictions
    assert default_target_class(base_model) == OVAL


def test_a_base_model_without_any_prediction_has_no_default_target(base_model: BaseModel) -> None:
    base_model.predicted = np.full_like(base_model.predicted, BaseModel.NO_PREDICTION)
    with pytest.raises(NothingToEvaluate, match="validation"):
        default_target_class(base_model)


def test_test_metrics_leave_out_images_without_a_prediction(sprites_like: Dataset) -> None:
    files = sprites_like.files
    predictions = files.labels[files.rows(Split.TEST)].copy()
    predictions[:5] = BaseModel.NO_PREDICTION
    metrics = base_models.test_group_metrics(sprites_like, predictions)
    assert sum(metrics.counts) == len(predictions) - 5
    assert metrics.worst_group == 1


def test_test_metrics_need_a_prediction(sprites_like: Dataset) -> None:
    nothing = np.full(len(sprites_like.files.rows(Split.TEST)), BaseModel.NO_PREDICTION)
    with pytest.raises(NothingToEvaluate, match="test image"):
        base_models.test_group_metrics(sprites_like, nothing)
