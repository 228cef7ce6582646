"""`manage.py caption`: captions written by a model, in steps that survive the process."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from django.core.management import CommandError
from huggingface_hub import constants

from annotations.models import BaseModel
from clarify_errors.arrays.datasets.dataset_files import Split, verify
from clarify_errors.arrays.keywords.stored_captions import FOLDER, open_captions
from tests.modeling.tensors.encoders.test_transformers import TEXT, VISION, WORDS, tokenizer
from tests.support.forked import MANAGE, Forked
from tests.worker.commands.conftest import Command
from tests.worker.processes import TIMEOUT_S
from worker.research.keywords.captioning import BATCH

SLOW = "python:tests.worker.commands.slow_captioner:make"


@pytest.fixture(autouse=True)
def log(sprites_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the slow captioner notes its batches; the data set's folder is of the whole session, and left as it was."""
    monkeypatch.setenv("CAPTIONED", str(tmp_path / "batches"))
    yield tmp_path / "batches"
    for file in (sprites_directory / FOLDER).glob("*"):
        file.unlink()


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BLIP with tiny random weights, saved as the hub has it."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("blip")
    text = {**TEXT, "max_position_embeddings": 64, "encoder_hidden_size": 16, "sep_token_id": 2, "projection_dim": 16}
    config = transformers.BlipConfig(text_config=text, vision_config=VISION, projection_dim=16)
    transformers.BlipForConditionalGeneration(config).save_pretrained(folder)
    sizes: dict[str, Any] = {"size": {"height": 32, "width": 32}}
    transformers.BlipProcessor(transformers.BlipImageProcessor(**sizes), tokenizer()).save_pretrained(folder)
    return folder


def test_a_model_of_transformers_captions_the_validation_images(
    command: Command, base_model: BaseModel, blip: Path
) -> None:
    dataset = base_model.dataset
    told = command("caption", dataset.name, "--captioner", f"transformers:{blip}", "--name", "blip")
    captions = open_captions(dataset.files, "blip")
    n = dataset.counts["validation"]
    assert told.endswith(f"{n} images of {dataset} have a caption of blip, {n} of them new.\n")
    has_one = {row for row, text in enumerate(captions.captions) if text}
    assert has_one <= set(dataset.files.rows(Split.VALIDATION).tolist())
    assert {word for text in captions.captions for word in text.split()} <= set(WORDS)
    assert captions.source["images"] == "thumbnails" and "model.safetensors" in captions.source["weights_sha256"]
    verify(dataset.files.directory)


def test_a_model_that_is_not_here_says_how_to_get_it(
    command: Command, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = "transformers:Salesforce/blip-image-captioning-base"
    with pytest.raises(CommandError, match=r"not on this machine and cannot be fetched: .* download the files of"):
        command("caption", base_model.dataset.name, "--captioner", model)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("magic:x", "'magic:x' names nothing: use transformers or python:<module>:<factory>."),
        ("transformers:", "name a model: transformers:Salesforce/blip-image-captioning-base, or a folder of it."),
        ("transformers:{tmp}", "does not hold a model that writes captions"),
        ("python:builtins:dict", "what builtins.dict() returns lacks caption, describe, name."),
    ],
)
def test_a_captioner_that_is_none_is_refused_in_a_sentence(
    command: Command, base_model: BaseModel, tmp_path: Path, spec: str, why: str
) -> None:
    with pytest.raises(CommandError) as refused:
        command("caption", base_model.dataset.name, "--captioner", spec.replace("{tmp}", str(tmp_path)))
    assert why in str(refused.value)


def test_an_image_that_is_not_there_has_no_caption_and_is_told(
    command: Command, base_model: BaseModel, tmp_path: Path
) -> None:
    told = command("caption", base_model.dataset.name, "--captioner", SLOW, "--images", tmp_path / "nowhere")
    n = base_model.dataset.counts["validation"]
    assert f"{n} images cannot be read and have no caption." in told
    assert (
        f"Left out: {base_model.dataset.files.filenames[base_model.dataset.files.rows(Split.VALIDATION)[0]]}: missing"
        in told
    )


def test_more_splits_go_on_from_what_is_there(command: Command, base_model: BaseModel, log: Path) -> None:
    name, n = base_model.dataset.name, base_model.dataset.counts["validation"]
    command("caption", name, "--captioner", SLOW)
    told = command("caption", name, "--captioner", SLOW, "--split", "all")
    every = base_model.dataset.files.n_rows
    assert f"{every} images of {base_model.dataset} have a caption" in told and f"{every - n} of them new" in told
    assert sum(map(int, log.read_text().split())) == every


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on_and_captions_nothing_twice(
    command: Command, base_model: BaseModel, subprocess_environment: Mapping[str, str], log: Path
) -> None:
    files = base_model.dataset.files
    arguments = ["caption", base_model.dataset.name, "--captioner", SLOW, "--split", "all"]
    environment = {**subprocess_environment, "CAPTIONED": str(log), "CAPTION_S": "0.4"}
    said = log.with_suffix(".said")
    process = Forked(MANAGE, arguments, environment, (said, said))
    end = time.monotonic() + TIMEOUT_S
    while not (log.exists() and len(log.read_text().split()) >= 3):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.wait()
    (partial,) = (files.directory / FOLDER).glob(".partial-*")
    with partial.open("ab") as torn:
        torn.write(b'[5, "an im')  # a line that the process did not write to its end
    n_done = len(partial.read_bytes().splitlines()) - 2
    assert n_done >= 2 * BATCH
    told = command(*arguments)
    assert f"{files.n_rows} images of {base_model.dataset} have a caption" in told
    assert f"{files.n_rows - n_done} of them new" in told
    captions = open_captions(files)
    assert captions.n_captions == files.n_rows and set(captions.captions) == {"an image of 64 pixels"}
    assert not list((files.directory / FOLDER).glob(".partial-*"))
    assert os.environ["CAPTIONED"] == str(log)
