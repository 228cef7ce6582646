"""`manage.py train_base_model`: the classifier whose errors are studied."""

from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError

from annotations.models import BaseModel, BaseModelOrigin, Dataset
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import Head
from tests.worker.commands.conftest import AS_CSV, Command

pytestmark = pytest.mark.usefixtures("stored_import")


def test_the_report_names_loss_accuracies_and_the_class_with_most_errors(imported: Dataset, command: Command) -> None:
    report = command("train_base_model", "mine", "--l2", "0.5")
    base_model = BaseModel.objects.get()
    worst = max(range(2), key=lambda label: 1 - base_model.validation_accuracies[label])
    assert "Trained erm on mine v1, λ = 0.5" in report
    assert f"default target: {imported.class_names[worst]}" in report
    assert f"worst group {base_model.test_metrics['worst_group']:.3f}" in report
    assert "square, red" in report


def test_the_head_is_the_optimum_and_everything_about_it_is_stored(imported: Dataset, command: Command) -> None:
    command("train_base_model", "mine@1", "--name", "plain", "--l2", "0.5")
    base_model = BaseModel.objects.get(name="plain")
    training = base_model.training
    assert base_model.origin == BaseModelOrigin.TRAINED
    assert 0 <= training["certified_gap"] <= 1e-6 * training["loss"]
    assert training["n_images"] == 100
    assert {"clarify", "python", "numpy", "torch"} <= training["versions"].keys()
    assert base_model.head is not None
    head, files = Head.from_bytes(bytes(base_model.head)), imported.files
    rows = files.rows(Split.TEST)
    assert np.array_equal(head.predict(files.array("features")[rows]), base_model.predicted[rows])
    assert base_model.test_metrics["average_plain"] > 0.5


def test_a_second_call_says_that_there_is_nothing_to_do(imported: Dataset, command: Command) -> None:
    command("train_base_model", "mine", "--l2", "0.5")
    before = BaseModel.objects.get()
    assert "Nothing to do: already trained erm on mine v1" in command("train_base_model", "mine", "--l2", "0.5")
    assert BaseModel.objects.get().created_at == before.created_at


def test_another_l2_under_the_same_name_is_refused(imported: Dataset, command: Command) -> None:
    command("train_base_model", "mine", "--l2", "0.5")
    with pytest.raises(CommandError, match=r"λ = 0\.5, not 0\.1\. Choose another --name"):
        command("train_base_model", "mine", "--l2", "0.1")


@pytest.mark.django_db
def test_a_data_set_without_train_images_is_refused(command: Command, data_root: Path, source: Path) -> None:
    table = source / "metadata.csv"
    kept = [line for line in table.read_text().splitlines(keepends=True) if ",train," not in line]
    table.write_text("".join(kept))
    command("import_dataset", "few", source, *AS_CSV)
    with pytest.raises(CommandError, match="no training features"):
        command("train_base_model", "few")
    assert not BaseModel.objects.exists()


@pytest.mark.django_db
def test_train_images_of_one_class_alone_are_refused_in_a_sentence(
    command: Command, data_root: Path, source: Path
) -> None:
    table = source / "metadata.csv"
    kept = [line for line in table.read_text().splitlines(keepends=True) if ",train," not in line or "oval" not in line]
    table.write_text("".join(kept))
    command("import_dataset", "few", source, *AS_CSV)
    with pytest.raises(CommandError, match=r"all labels are of one class \(0\), but a classifier needs two"):
        command("train_base_model", "few")
    assert not BaseModel.objects.exists()


@pytest.mark.parametrize("l2", ["0", "-1", "nan", "inf", "much"])
def test_an_l2_that_is_no_positive_number_is_refused(imported: Dataset, command: Command, l2: str) -> None:
    with pytest.raises(CommandError, match="--l2"):
        command("train_base_model", "mine", f"--l2={l2}")


@pytest.mark.django_db
def test_an_unknown_data_set_is_refused(command: Command) -> None:
    Dataset.objects.all().delete()
    with pytest.raises(CommandError, match=r"There is no data set nothing\. Known data sets: none; import one first\."):
        command("train_base_model", "nothing")
