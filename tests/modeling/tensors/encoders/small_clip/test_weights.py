"""The weights in the package: what they know, how large they are, and that they load without a network."""

import json
import socket
import stat
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from clarify_errors.tensors.encoders.clip import load_bundled
from clarify_errors.tensors.encoders.small_clip import RECORD_FILE, WEIGHTS_FILE
from tests.modeling.tensors.encoders.small_clip.auroc_table import PHRASES, Row, auroc_table, format_table


@pytest.fixture(scope="module")
def table() -> list[Row]:
    """On sprites that training, with its seed of 0, did not see."""
    return auroc_table(load_bundled(), np.random.default_rng(20_000), n=3000)


def test_the_table_of_phrases(table: list[Row], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("\n" + format_table(table))
    assert {row.group for row in table} == set(PHRASES)


@pytest.mark.parametrize("group", PHRASES)
def test_each_phrase_separates_the_sprites_it_is_true_of(table: list[Row], group: str) -> None:
    weak = [row for row in table if row.group == group and min(row.bare, row.in_template) < 0.95]
    assert not weak


def test_the_file_is_small_half_precision_and_readable_by_everyone() -> None:
    assert WEIGHTS_FILE.stat().st_size <= 10_000_000
    assert stat.S_IMODE(WEIGHTS_FILE.stat().st_mode) & 0o444 == 0o444
    tensors = load_file(WEIGHTS_FILE)
    assert tensors["token_embedding.weight"].shape[0] == 49_408
    assert {t.dtype for t in tensors.values() if t.is_floating_point()} == {torch.float16}


def test_the_encoder_loads_and_embeds_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise OSError("no network in this test")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setenv("HF_HOME", "/nonexistent")
    rows = load_bundled().encode_texts(["red", "an image of a red square"])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_the_record_tells_how_the_weights_were_trained() -> None:
    record = json.loads(Path(RECORD_FILE).read_text())
    assert record["command"].startswith("python -m modeling.small_clip.train")  # where it was in 2026
    assert {"seed", "recipe", "seconds", "machine", "versions"} <= record.keys()
    assert {row["phrase"] for row in record["auroc"]} == {phrase for group in PHRASES.values() for phrase in group}
