"""What the commands say of a base model: each class and group, or of very many the worst."""

from annotations.management.base_model_report import base_model_report
from annotations.models import BaseModel


def test_each_class_and_group_is_named_with_its_accuracy(base_model: BaseModel) -> None:
    classes, groups, *_rest = base_model_report(base_model)
    assert classes.startswith("Accuracy on validation: square 0.625; oval ")
    assert groups.count(";") == 3


def test_of_very_many_the_worst_are_named_and_the_others_counted(base_model: BaseModel) -> None:
    names = [f"class {number}" for number in range(1_000)]
    base_model.dataset.class_names = [*base_model.dataset.class_names, *names]
    base_model.validation_accuracies = [0.625, None, *(1 - number / 1_000 for number in range(1_000))]
    classes = next(base_model_report(base_model))
    assert classes.startswith("Accuracy on validation: class 999 0.001; class 998 0.002; ")
    assert classes.endswith("class 980 0.020; and 982 more, not worse")
