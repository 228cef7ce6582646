"""Encoders by Hugging Face transformers, on tiny models with random weights: CLIP, AltCLIP and ALIGN."""

import json
import string
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders import hub, load_encoder
from clarify_errors.tensors.encoders import transformers as ours

WORDS = ["<pad>", "<s>", "</s>", "<unk>", *string.ascii_lowercase, "red", "square", "oval"]
TEXT: dict[str, Any] = {
    "vocab_size": len(WORDS),
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
VISION = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 16,
}
EFFICIENTNET = {
    "image_size": 32,
    "width_coefficient": 1.0,
    "depth_coefficient": 1.0,
    "hidden_dim": 16,
    "kernel_sizes": [3],
    "in_channels": [32],
    "out_channels": [16],
    "strides": [1],
    "num_block_repeats": [1],
    "expand_ratios": [1],
    "depthwise_padding": [],
}


def tokenizer() -> Any:
    words = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    words.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        model_max_length=32,
    )  # fmt: skip


def clip() -> tuple[Any, Any]:
    config = transformers.CLIPConfig(
        text_config={**TEXT, "max_position_embeddings": 16}, vision_config=VISION, projection_dim=8
    )
    return transformers.CLIPModel(config), transformers.CLIPProcessor(images(), tokenizer())


def alt_clip() -> tuple[Any, Any]:
    text = {**TEXT, "max_position_embeddings": 64, "project_dim": 16}
    config = transformers.AltCLIPConfig(text_config=text, vision_config=VISION, projection_dim=8)
    return transformers.AltCLIPModel(config), transformers.AltCLIPProcessor(images(), tokenizer())


def align() -> tuple[Any, Any]:
    config = transformers.AlignConfig(
        text_config={**TEXT, "max_position_embeddings": 64}, vision_config=EFFICIENTNET, projection_dim=16
    )
    return transformers.AlignModel(config), transformers.AlignProcessor(images(), tokenizer())


def images() -> Any:
    return transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})


MODELS = {"clip": clip, "alt_clip": alt_clip, "align": align}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each model's folder, saved as the hub has it."""
    saved = {}
    for name, make in MODELS.items():
        torch.manual_seed(0)
        model, processor = make()
        saved[name] = tmp_path_factory.mktemp(name)
        model.save_pretrained(saved[name])
        processor.save_pretrained(saved[name])
    return saved


def test_a_model_of_many_languages_says_which_and_its_description_keeps_them(folders: dict[str, Path]) -> None:
    many = folders["alt_clip"].with_name("AltCLIP-m18")
    many.symlink_to(folders["alt_clip"])
    encoder = load_encoder(f"transformers:{many}")
    assert {"en", "de", "fr", "es"} <= set(encoder.languages)
    assert encoder.description["languages"] == list(encoder.languages)
    english = load_encoder(f"transformers:{folders['clip']}")
    assert english.languages == ("en",)
    assert "languages" not in english.description  # as manifests had it before


@pytest.fixture
def photographs() -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    return [Image.fromarray(p) for p in pixels]


def assert_unit_rows(rows: NDArray[np.float32], n: int) -> None:
    assert rows.shape[0] == n
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_images_and_texts_become_unit_rows_of_one_space(
    name: str, folders: dict[str, Path], photographs: list[Image.Image]
) -> None:
    encoder = load_encoder(f"transformers:{folders[name]}")
    of_images, of_texts = encoder.encode_images(photographs), encoder.encode_texts(["red", "a red square", "🐕 " * 100])
    assert_unit_rows(of_images, 3)
    assert_unit_rows(of_texts, 3)
    assert of_images.shape[1] == of_texts.shape[1] == encoder.dim
    assert np.abs(of_images[0] - of_images[1]).max() > 1e-6
    assert np.abs(of_texts[0] - of_texts[1]).max() > 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_it_computes_what_the_model_says_of_images_and_texts_together(
    name: str, folders: dict[str, Path], photographs: list[Image.Image]
) -> None:
    model = transformers.AutoModel.from_pretrained(folders[name]).eval()
    processor = transformers.AutoProcessor.from_pretrained(folders[name])
    texts = ["red", "a red square"]
    batch = processor(
        text=texts, images=photographs, padding="max_length", max_length=16, truncation=True, return_tensors="pt"
    )
    with torch.inference_mode():
        expected = model(**batch).logits_per_image
    encoder = load_encoder(f"transformers:{folders[name]}")
    assert encoder.logit_scale is not None
    ours_logits = encoder.logit_scale * encoder.encode_images(photographs) @ encoder.encode_texts(texts).T
    np.testing.assert_allclose(ours_logits, expected.numpy(), atol=2e-5)


def test_a_text_is_embedded_the_same_alone_and_among_longer_ones(folders: dict[str, Path]) -> None:
    encoder = load_encoder(f"transformers:{folders['alt_clip']}")
    among = encoder.encode_texts(["red", "a red square a b c d e f g h"])
    np.testing.assert_allclose(encoder.encode_texts(["red"])[0], among[0], atol=1e-6)


def test_images_of_any_mode_are_encoded(folders: dict[str, Path], photographs: list[Image.Image]) -> None:
    encoder = load_encoder(f"transformers:{folders['clip']}")
    assert_unit_rows(encoder.encode_images([photographs[0].convert(mode) for mode in ("L", "P", "RGBA", "CMYK")]), 4)


def test_the_description_tells_weights_preprocessing_and_versions(folders: dict[str, Path]) -> None:
    spec = f"transformers:{folders['clip']}"
    description = load_encoder(spec).description
    assert json.loads(json.dumps(description)) == description
    assert list(description["weights_sha256"]) == ["model.safetensors"]
    assert description["preprocessing"]["crop_size"] == {"height": 32, "width": 32}
    assert description["context_length"] == 16
    assert description["versions"] == {"transformers": transformers.__version__, "torch": torch.__version__}


def test_a_folder_without_a_model_is_named(tmp_path: Path, folders: dict[str, Path]) -> None:
    with pytest.raises(EncoderUnavailable, match="does not hold a model that transformers can load"):
        load_encoder(f"transformers:{tmp_path}")
    (tmp_path / "config.json").write_bytes((folders["clip"] / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(EncoderUnavailable, match="does not hold a model that transformers can load") as caught:
        load_encoder(f"transformers:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_a_model_of_texts_alone_is_refused(tmp_path: Path) -> None:
    config = transformers.BertConfig(**TEXT, max_position_embeddings=64)
    transformers.BertModel(config).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(EncoderUnavailable, match="a BertModel, which does not encode both images and texts"):
        load_encoder(f"transformers:{tmp_path}")


def test_without_a_network_one_sentence_says_which_files_to_put_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    def no_answer(url: str) -> None:
        raise ConnectionError(url)

    monkeypatch.setattr(hub, "need_an_answer", no_answer)
    sentence = (
        r"^the model transformers:BAAI/AltCLIP is not on this machine and cannot be fetched: on a machine with a "
        r"network, download the files of the Hugging Face repository BAAI/AltCLIP into one folder, copy it here, and "
        r"use transformers:/path/to/that/folder$"
    )
    with pytest.raises(EncoderUnavailable, match=sentence) as caught:
        load_encoder("transformers:BAAI/AltCLIP")
    assert caught.value.__context__ is None


def test_a_model_of_the_hub_is_fetched_once_and_weights_in_safetensors_first(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    cache: list[Path] = []

    def download(model: str, *, allow_patterns: list[str] | None = None, local_files_only: bool = False) -> str:
        if local_files_only and not cache:
            raise LocalEntryNotFoundError(model)
        if not local_files_only:
            asked.append(allow_patterns)
            cache.append(folders["clip"])
        return str(folders["clip"])

    monkeypatch.setattr(ours, "snapshot_download", download)
    monkeypatch.setattr(hub, "need_an_answer", lambda url: None)
    first, second = (load_encoder("transformers:someone/tiny-clip") for _ in range(2))
    assert first.name == "someone/tiny-clip"
    np.testing.assert_array_equal(first.encode_texts(["red"]), second.encode_texts(["red"]))
    assert asked == [["*.json", "*.txt", "*.model", "*.safetensors"]]


def test_a_repository_without_weights_is_answered_likewise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def download(model: str, *, allow_patterns: list[str] | None = None, local_files_only: bool = False) -> str:
        asked.append(allow_patterns)
        return str(tmp_path)

    monkeypatch.setattr(ours, "snapshot_download", download)
    monkeypatch.setattr(hub, "need_an_answer", lambda url: None)
    with pytest.raises(EncoderUnavailable, match="cannot be fetched"):
        load_encoder("transformers:someone/nothing")
    assert [patterns and patterns[-1] for patterns in asked] == [None, None, "*.safetensors", "*.bin"]


def test_an_error_of_the_hubs_http_library_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    class ConnectionCut(Exception):  # as httpx2 and requests have it: no OSError
        pass

    def download(model: str, *, allow_patterns: list[str] | None = None, local_files_only: bool = False) -> str:
        raise LocalEntryNotFoundError("not cached") if local_files_only else ConnectionCut

    monkeypatch.setattr(ours, "snapshot_download", download)
    monkeypatch.setattr(hub, "need_an_answer", lambda url: None)
    with pytest.raises(EncoderUnavailable, match="cannot be fetched"):
        load_encoder("transformers:someone/cut")


def test_a_missing_package_says_which_extra_to_install(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, ours.__name__)
    monkeypatch.setitem(sys.modules, "transformers", None)  # as where it is not installed
    with pytest.raises(EncoderUnavailable, match="install Clarify with its extra `transformers`"):
        load_encoder(f"transformers:{folders['clip']}")
