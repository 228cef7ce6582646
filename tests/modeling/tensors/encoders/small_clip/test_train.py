"""Training at a size that takes seconds: it learns, is reproducible, and exports what open_clip loads."""

import stat
from itertools import islice
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from clarify_errors.arrays.sprites.drawing import draw
from clarify_errors.tensors.encoders.clip import load_bundled
from tests.modeling.tensors.encoders.small_clip.auroc_table import embed
from tests.modeling.tensors.encoders.small_clip.train import (
    UNKNOWN,
    CompactVocabulary,
    Recipe,
    SpritePool,
    Trainer,
    caption_loss,
    export,
    pixels,
)
from tests.support.sprites import random_sprites

TINY = Recipe(steps=12, pool=64, renewed=2, images=16, captions=24, warm_up=2)


@pytest.fixture(scope="module")
def trained() -> tuple[Trainer, list[float]]:
    trainer = Trainer(TINY, seed=0)
    return trainer, list(trainer.run())


@pytest.fixture(scope="module")
def tokenizer() -> open_clip.SimpleTokenizer:
    return open_clip.SimpleTokenizer(context_length=24)


def test_the_loss_falls(trained: tuple[Trainer, list[float]]) -> None:
    _, losses = trained
    assert len(losses) == TINY.steps
    assert np.mean(losses[-4:]) < np.mean(losses[:4]) * 0.8


def test_a_seed_gives_one_training(trained: tuple[Trainer, list[float]]) -> None:
    _, losses = trained
    assert list(Trainer(TINY, seed=0).run()) == pytest.approx(losses, rel=1e-4)
    assert list(islice(Trainer(TINY, seed=1).run(), 3)) != pytest.approx(losses[:3], rel=1e-2)


def test_exported_weights_load_by_open_clip_and_embed_as_the_trained_model_does(
    trained: tuple[Trainer, list[float]], tmp_path: Path
) -> None:
    trainer, _ = trained
    file = tmp_path / "weights.safetensors"
    export(trainer, file)
    encoder = load_bundled(file)
    images = draw(random_sprites(8, np.random.default_rng(0)), np.random.default_rng(1))
    texts = ["red", "an image of a blue square", "tilted ovals"]
    with torch.inference_mode():
        by_trained = trainer.model.encode_image(pixels(images), normalize=True).numpy()
        texts_by_trained = trainer.model.encode_text(trainer.vocabulary.encode(texts), normalize=True).numpy()
    np.testing.assert_allclose(embed(encoder, images), by_trained, atol=0.01)
    np.testing.assert_allclose(encoder.encode_texts(texts), texts_by_trained, atol=0.01)


def test_exported_weights_are_half_precision_and_readable_by_everyone(
    trained: tuple[Trainer, list[float]], tmp_path: Path
) -> None:
    file = tmp_path / "weights.safetensors"
    export(trained[0], file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert {t.dtype for t in load_file(file).values() if t.is_floating_point()} == {torch.float16}


def test_words_never_taught_are_all_alike(trained: tuple[Trainer, list[float]], tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    export(trained[0], file)
    unknown = load_bundled(file).encode_texts(["giraffe", "lawyer"])
    np.testing.assert_array_equal(unknown[0], unknown[1])


def test_the_compact_vocabulary_keeps_the_order_of_the_tokens(tokenizer: open_clip.SimpleTokenizer) -> None:
    vocabulary = CompactVocabulary.of(["a red square", "navy"], tokenizer)
    assert (vocabulary.tokens.diff() > 0).all()
    encoded = vocabulary.encode(["a red square", "a purple square"])
    tokens = tokenizer(["a red square"])
    assert encoded[0].argmax() == tokens[0].argmax()
    torch.testing.assert_close(vocabulary.tokens[encoded[0]], tokens[0])
    assert encoded[1, 2] == UNKNOWN and encoded[1, 3] == encoded[0, 3]


def test_the_expanded_table_gives_each_token_its_row_and_the_rest_the_unknown_row(
    tokenizer: open_clip.SimpleTokenizer,
) -> None:
    vocabulary = CompactVocabulary.of(["red"], tokenizer)
    table = torch.arange(len(vocabulary)).float()[:, None]
    full = vocabulary.expand(table)
    assert full.shape == (49408, 1)
    torch.testing.assert_close(full[vocabulary.tokens], table)
    assert (full[:, 0] == UNKNOWN).sum() == 49408 - len(vocabulary) + 1


def test_a_caption_true_of_few_images_weighs_as_much_as_any() -> None:
    truth = torch.tensor([[True, True], [False, True], [False, False], [False, False]])
    loss = caption_loss(torch.zeros(4, 2), truth)
    torch.testing.assert_close(loss, torch.tensor(2.0).log())
    missed = torch.zeros(4, 2)
    missed[0, 0] = -5  # the only image that the first caption is true of: half of the caption's weight
    expected = (torch.tensor(2.0).log() * 3 + torch.nn.functional.softplus(torch.tensor(5.0))) / 4
    torch.testing.assert_close(caption_loss(missed, truth), expected)


def test_pixels_are_as_open_clip_prepares_them() -> None:
    images = draw(random_sprites(3, np.random.default_rng(0)), np.random.default_rng(1))
    preprocess = open_clip.image_transform(64, is_train=False)
    expected = torch.stack([preprocess(Image.fromarray(image)) for image in images])
    torch.testing.assert_close(pixels(images), expected, atol=1e-5, rtol=1e-5)


def test_the_pool_renews_its_oldest_sprites() -> None:
    pool = SpritePool(20, np.random.default_rng(0))
    before = pool._images.copy()
    pool.renew(5)
    changed = (pool._images != before).any((1, 2, 3))
    assert changed[:5].all() and not changed[5:].any()


def test_a_batch_can_be_all_easy() -> None:
    _, attributes = SpritePool(200, np.random.default_rng(0)).batch(50, easy_share=1)
    assert (attributes.texture == 0).all() and (attributes.size > 0).all()
