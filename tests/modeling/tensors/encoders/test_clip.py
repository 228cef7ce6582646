import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders import load_encoder

CONFIG = {
    "embed_dim": 8,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights, stored in half precision as the bundled one is."""
    folder = tmp_path_factory.mktemp("tiny-clip")
    (folder / "tiny-test-clip.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(folder)
    torch.manual_seed(0)
    model = open_clip.create_model("tiny-test-clip")
    file = folder / "tiny.safetensors"
    save_file({name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}, file)
    return file


@pytest.fixture
def images() -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 50, 3), dtype=np.uint8)
    return [Image.fromarray(p) for p in pixels]


def assert_unit_rows(rows: NDArray[np.float32], n: int) -> None:
    assert rows.shape == (n, 8)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_images_and_texts_become_unit_rows_of_one_space(weights: Path, images: list[Image.Image]) -> None:
    encoder = load_encoder(f"open_clip:tiny-test-clip:{weights}")
    assert (encoder.name, encoder.dim) == ("tiny-test-clip/tiny.safetensors", 8)
    assert_unit_rows(encoder.encode_images(images), 5)
    assert_unit_rows(encoder.encode_texts(["red", "a red square", "🐕 " * 100]), 3)


def test_it_computes_what_open_clip_computes_in_float32(weights: Path, images: list[Image.Image]) -> None:
    model, _, preprocess = open_clip.create_model_and_transforms("tiny-test-clip", pretrained=str(weights))
    tokenizer = open_clip.get_tokenizer("tiny-test-clip")
    model.eval()
    with torch.no_grad():
        from_images = model.encode_image(torch.stack([preprocess(image) for image in images]), normalize=True)
        from_texts = model.encode_text(tokenizer(["red", "blue"]), normalize=True)
    encoder = load_encoder(f"open_clip:tiny-test-clip:{weights}")
    np.testing.assert_allclose(encoder.encode_images(images), from_images.numpy(), atol=1e-6)
    np.testing.assert_allclose(encoder.encode_texts(["red", "blue"]), from_texts.numpy(), atol=1e-6)
    assert all(p.dtype == torch.float32 for p in model.parameters())


@pytest.mark.parametrize("spec", ["bundled:small-clip", "open_clip:tiny-test-clip:{weights}"])
def test_an_image_that_was_made_smaller_before_has_the_same_row(weights: Path, spec: str) -> None:
    rng, encoder = np.random.default_rng(1), load_encoder(spec.format(weights=weights))
    sizes = [(500, 375), (375, 500), (64, 64), (32, 32), (7, 300), (33, 31)]
    images = [Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)) for size in sizes]
    prepared = [encoder.prepare(image) for image in images]
    assert len({image.size for image in prepared}) == 1
    np.testing.assert_array_equal(encoder.encode_images(prepared), encoder.encode_images(images))


def test_images_of_any_mode_are_encoded(weights: Path, images: list[Image.Image]) -> None:
    encoder = load_encoder(f"open_clip:tiny-test-clip:{weights}")
    assert_unit_rows(encoder.encode_images([images[0].convert(mode) for mode in ("L", "P", "RGBA", "CMYK", "1")]), 5)


def test_the_description_tells_weights_preprocessing_and_versions(weights: Path) -> None:
    spec = f"open_clip:tiny-test-clip:{weights}"
    description = load_encoder(spec).description
    assert json.loads(json.dumps(description))["spec"] == spec
    assert description["precision"] == "fp32"
    assert description["preprocessing"]["mean"] == open_clip.OPENAI_DATASET_MEAN
    assert description["versions"] == {"open_clip": open_clip.__version__, "torch": torch.__version__}
    assert len(description["weights_sha256"]) == 64
    assert load_encoder(spec).description == description


def test_a_configuration_beside_the_weights_decides_preprocessing_and_activation(
    weights: Path, tmp_path: Path, images: list[Image.Image]
) -> None:
    moved = tmp_path / "open_clip_model.safetensors"
    save_file(load_file(weights), moved)
    plain = load_encoder(f"open_clip:tiny-test-clip:{moved}")
    config = {"model_cfg": {"quick_gelu": True}, "preprocess_cfg": {"mean": [0.1] * 3, "std": [0.9] * 3}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    configured = load_encoder(f"open_clip:tiny-test-clip:{moved}")
    assert configured.description["preprocessing"]["mean"] == [0.1] * 3
    texts = ["red", "a blue oval"]
    assert np.abs(configured.encode_texts(texts) - plain.encode_texts(texts)).max() > 1e-6
    (tmp_path / "open_clip_config.json").write_text("[]")
    with pytest.raises(EncoderUnavailable, match=r"open_clip_config\.json is not the configuration"):
        load_encoder(f"open_clip:tiny-test-clip:{moved}")


def test_a_file_that_is_no_weights_file_is_named(weights: Path, tmp_path: Path) -> None:
    for name, content in [("cut.safetensors", weights.read_bytes()[:1000]), ("text.pt", b"hello"), ("empty.bin", b"")]:
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(EncoderUnavailable, match=f"{name} does not hold weights of the model tiny-test-clip"):
            load_encoder(f"open_clip:tiny-test-clip:{file}")


def test_weights_of_another_model_are_named_in_one_line(weights: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"visual.proj": torch.zeros(3, 3)}, file)
    with pytest.raises(EncoderUnavailable, match="does not hold weights of the model tiny-test-clip") as caught:
        load_encoder(f"open_clip:tiny-test-clip:{file}")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_that_cannot_be_had_is_named(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(model: str) -> None:
        raise OSError("We couldn't connect")

    monkeypatch.setattr(open_clip, "get_tokenizer", no_network)
    with pytest.raises(EncoderUnavailable, match="the tokenizer of the model tiny-test-clip is not on this machine"):
        load_encoder(f"open_clip:tiny-test-clip:{weights}")


def test_an_unknown_model_is_answered_with_close_names() -> None:
    with pytest.raises(EncoderUnavailable, match=r"no model 'ViT-L14'; the closest names are .*ViT-L-14"):
        load_encoder("open_clip:ViT-L14:openai")


def test_a_missing_file_is_answered_with_the_known_tags(weights: Path) -> None:
    with pytest.raises(EncoderUnavailable, match=r"neither a weights file nor a pretrained tag of ViT-L-14.*openai"):
        load_encoder("open_clip:ViT-L-14:/no/such/file.pt")
