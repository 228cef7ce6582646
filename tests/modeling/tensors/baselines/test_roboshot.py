import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot
from clarify_errors.tensors.baselines.roboshot import harmful_directions, helpful_directions, roboshot


def zero_shot(n_classes: int = 2, d: int = 6, seed: int = 0) -> ZeroShot:
    return ZeroShot(unit_rows(np.random.default_rng(seed).normal(size=(n_classes, d))), np.arange(n_classes))


def test_directions_are_those_of_the_definition() -> None:
    prompts = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    phrase = np.array([[0.6, 0, 0.8]])
    difference = np.array([0.6, 0, 0.8]) - np.array([0.5, 0.5, 0])
    np.testing.assert_allclose(
        harmful_directions(phrase, prompts), [difference / np.linalg.norm(difference)], atol=1e-6
    )
    np.testing.assert_allclose(helpful_directions(prompts), [[1, -1, 0]])


@given(st.integers(2, 4), st.integers(0, 3), st.integers(0, 99))
def test_images_lose_harmful_directions_and_keep_length_one(n_classes: int, n_phrases: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain = zero_shot(n_classes, d=10, seed=seed)
    made = roboshot(plain, rng.normal(size=(n_phrases, 10)))
    no_help = type(made)(plain, made.harmful, made.helpful[:0])
    images = no_help.transform(rng.normal(size=(7, 10)))
    np.testing.assert_allclose(images @ made.harmful.T, 0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-5)


def test_helpful_directions_are_doubled_relative_to_the_rest() -> None:
    made = roboshot(zero_shot(), np.empty((0, 6)))
    images = np.random.default_rng(1).normal(size=(5, 6))
    before, after = unit_rows(images), made.transform(images)
    along = [x @ made.helpful[0] for x in (before, after)]
    across = [
        np.linalg.norm(x - np.outer(a, made.helpful[0]), axis=1) for x, a in zip((before, after), along, strict=True)
    ]
    np.testing.assert_allclose(along[1] / across[1], 2 * along[0] / across[0], rtol=1e-5)


def test_a_phrase_for_the_spurious_attribute_lifts_the_worst_group(unit_splits, worst_group) -> None:
    _, _, test = unit_splits
    land_and_water = unit_rows(np.array([[-1.0, -1.0] + [0.0] * 6, [1.0, 1.0] + [0.0] * 6]))
    plain = ZeroShot(land_and_water, np.arange(2))
    water = np.eye(8)[1:2]
    made = roboshot(plain, water)
    assert worst_group(test, plain) < 0.1
    assert worst_group(test, made) > 0.8


def test_dependent_directions_make_no_direction_up() -> None:
    plain = zero_shot(3)
    differences = helpful_directions(plain.embeddings)
    basis = roboshot(plain, np.empty((0, 6))).helpful
    assert differences.shape == (3, 6)
    assert basis.shape == (2, 6)
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(differences @ basis.T @ basis, differences, atol=1e-6)


def test_without_phrases_and_with_one_class_it_is_zero_shot() -> None:
    plain = zero_shot(1)
    images = np.random.default_rng(0).normal(size=(4, 6))
    np.testing.assert_allclose(roboshot(plain, np.empty((0, 6))).transform(images), unit_rows(images), atol=1e-6)


def test_what_has_no_direction_is_refused() -> None:
    plain = zero_shot()
    with pytest.raises(BadArray, match="must have shape"):
        roboshot(plain, np.ones((1, 5)))
    with pytest.raises(BadArray, match="what is left of phrase 0 is zero"):
        roboshot(ZeroShot(plain.embeddings[:1], np.arange(1)), plain.embeddings[:1])
    made = roboshot(plain, np.ones((1, 6)))
    with pytest.raises(BadArray, match="do not have the prompts' 6 dimensions"):
        made.predict(np.ones((2, 5)))
