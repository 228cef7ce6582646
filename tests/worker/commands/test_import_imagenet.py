"""`manage.py import_dataset --format imagenet`: a miniature ImageNet, and a second test set like ImageNet-V2."""

from pathlib import Path

import numpy as np
import pytest

from annotations.corrections.correction_candidates import second_sets
from annotations.models import BaseModel, Dataset
from tests.modeling.arrays.datasets.folders import write_image
from tests.support.actors import ENCODER
from tests.worker.commands.conftest import Command

pytestmark = pytest.mark.django_db

WORDS = "n01440764 tench, Tinca tinca\nn02012849 crane\n"
FORMAT = ("--format", "imagenet", "--similarity-encoder", ENCODER)


def test_a_second_test_set_serves_the_corrections_of_the_first(
    command: Command, data_root: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "imagenet", tmp_path / "v2"
    for label, wnid in enumerate(("n01440764", "n02012849")):
        for n in range(12):
            write_image(first / "train" / wnid / f"{n}.JPEG", 100 * label + n)
        for n in range(6):
            write_image(first / "val" / wnid / f"{n}.JPEG", 100 * label + 50 + n)
            write_image(second / str(label) / f"{n}.jpeg", 100 * label + 80 + n)
    for folder in (first, second):
        (folder / "LOC_synset_mapping.txt").write_text(WORDS)
    assert "validation: 6 (tench 3, crane 3)" in command("import_dataset", "imagenet", first, *FORMAT)
    assert "validation: 0 (tench 0, crane 0)" in command("import_dataset", "v2", second, *FORMAT)
    command("train_base_model", "imagenet")
    predictions = "".join(f"{label}/{n}.jpeg,test,tench\n" for label in range(2) for n in range(6))
    (tmp_path / "v2.csv").write_text(f"image,split,predicted\n{predictions}")
    command("import_predictions", "v2", tmp_path / "v2.csv", "--name", "erm")
    of_v2 = BaseModel.objects.get(dataset=Dataset.objects.get(name="v2"))
    assert of_v2.validation_accuracies == [None, None]
    assert of_v2.test_metrics["accuracies"] == [1, 0]
    np.save(tmp_path / "head.npy", np.random.default_rng(0).normal(size=(2, 12)))
    report = command("import_head", "v2", tmp_path / "head.npy", "--name", "probe")
    assert "default target" not in report  # nobody is shown these images
    assert second_sets(BaseModel.objects.get(dataset__name="imagenet"))[0].dataset == of_v2.dataset
