import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, BadHead
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.heads import FORMAT, Head, read_metadata

CARD = {"data": "sprites, version 1", "phrase": "rouge « é » 🐕", "lambda": "0.01", "zebra": "1", "apple": "2"}


@pytest.fixture
def features() -> NDArray[np.float32]:
    return np.random.default_rng(5).normal(size=(60, 4)).astype(np.float32)


@pytest.fixture
def head(features: NDArray[np.float32]) -> Head:
    rng = np.random.default_rng(6)
    return Head.of(rng.normal(size=(3, 4)), rng.normal(size=3), Standardization.fit(features), ["dog", "horse", "élan"])


def test_it_predicts_from_raw_features(head: Head, features: NDArray[np.float32]) -> None:
    unit = features.astype(np.float64) / np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    z = (unit - head.standardization.mean) / head.standardization.deviation
    expected = z @ head.coef.T + head.intercept
    np.testing.assert_allclose(head.logits(features), expected, atol=1e-5)
    predictions = head.predict(features)
    assert predictions.dtype == np.int64
    np.testing.assert_array_equal(predictions, expected.argmax(1))
    assert set(predictions.tolist()) == {0, 1, 2}


def test_the_scale_of_features_does_not_matter(head: Head, features: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(head.predict(features * 8), head.predict(features))


def test_a_stored_head_comes_back_exactly(head: Head, features: NDArray[np.float32]) -> None:
    restored = Head.from_bytes(head.to_bytes(CARD))
    assert restored.class_names == ("dog", "horse", "élan")
    assert restored.logits(features).tobytes() == head.logits(features).tobytes()


def test_the_file_is_plain_safetensors_with_the_model_card_in_its_header(head: Head) -> None:
    data = head.to_bytes(CARD)
    tensors = safetensors.numpy.load(data)
    assert {name: (t.shape, t.dtype.name) for name, t in tensors.items()} == {
        "weight": ((3, 4), "float32"),
        "bias": ((3,), "float32"),
        "feature_mean": ((4,), "float32"),
        "feature_deviation": ((4,), "float32"),
    }
    metadata = read_metadata(data)
    assert metadata == {"format": FORMAT, "class_names": '["dog", "horse", "élan"]', **CARD}


def test_the_same_head_gives_the_same_bytes_in_every_process(head: Head) -> None:
    code = (
        "import sys; from clarify_errors.arrays.retraining.heads import Head, read_metadata;"
        "d = sys.stdin.buffer.read(); m = read_metadata(d);"
        "card = {k: m[k] for k in reversed(m) if k not in ('format', 'class_names')};"
        "sys.stdout.buffer.write(Head.from_bytes(d).to_bytes(card))"
    )
    data = head.to_bytes(CARD)
    for _ in range(3):
        again = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True).stdout
        assert again == data


def test_predicting_loads_neither_torch_nor_django() -> None:
    code = (
        "import sys; from clarify_errors.arrays.phrases import error_score, phrase_text;"
        "from clarify_errors.arrays.retraining import group_accuracies, heads, slices;"
        "print(sorted({'torch', 'django', 'open_clip'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("end", [0, 4, 9, 60, -1])
def test_a_file_that_is_cut_off_is_refused(head: Head, end: int) -> None:
    with pytest.raises(BadHead, match="not a safetensors file"):
        Head.from_bytes(head.to_bytes(CARD)[:end])


@pytest.mark.parametrize("data", [b"", b"hello, this is a text", (99).to_bytes(8, "little") + b"{}", bytes(8) + b"{}"])
def test_metadata_of_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadHead, match="not a safetensors file"):
        read_metadata(data)


def test_another_safetensors_file_is_refused(head: Head) -> None:
    with pytest.raises(BadHead, match="not a head of the format"):
        Head.from_bytes(safetensors.numpy.save({"weight": np.zeros((2, 3), np.float32)}))


def test_a_damaged_head_is_refused(head: Head) -> None:
    tensors = safetensors.numpy.load(head.to_bytes())
    good = read_metadata(head.to_bytes())
    damaged = [
        ({**tensors, "feature_deviation": np.zeros(4, np.float32)}, good, "damaged"),
        (tensors, {"format": FORMAT}, "damaged"),
        (tensors, {**good, "class_names": "[dog"}, "damaged"),
        (tensors, {**good, "class_names": json.dumps(["dog"])}, "do not fit 1 classes"),
        ({**tensors, "bias": np.array([1, np.nan, 1], np.float32)}, good, "finite"),
        ({**tensors, "bias": np.zeros(3)}, good, "must be float32"),
    ]
    for bad_tensors, metadata, message in damaged:
        with pytest.raises(BadHead, match=message):
            Head.from_bytes(safetensors.numpy.save(bad_tensors, metadata))


def test_metadata_cannot_replace_the_heads_own(head: Head) -> None:
    with pytest.raises(BadHead, match="are reserved"):
        head.to_bytes({"class_names": "[]"})


def test_features_of_another_encoder_are_refused(head: Head, features: NDArray[np.float32]) -> None:
    with pytest.raises(BadArray, match="4 dimensions"):
        head.predict(features[:, :3])
