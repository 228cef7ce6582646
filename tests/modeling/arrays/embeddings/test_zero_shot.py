from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, BadTemplate
from clarify_errors.arrays.embeddings.zero_shot import (
    PUBLISHED_TEMPLATES,
    Prompts,
    ZeroShot,
    class_prompts,
    group_prompts,
    prompt_embedding,
)

EMBEDDINGS = {"a dog": [1.0, 0.0], "dog": [0.0, 2.0], "a horse": [-1.0, 0.0], "horse": [-3.0, 0.0]}


def encode_texts(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([EMBEDDINGS[text] for text in texts], dtype=np.float32)


def test_class_prompts_put_each_name_into_each_template() -> None:
    prompts = class_prompts(["dog", "horse"], ["a {class}", "{class}"])
    assert prompts.texts == (("a dog", "dog"), ("a horse", "horse"))
    assert prompts.labels == (0, 1)


def test_the_published_prompts_of_waterbirds_and_celeba() -> None:
    land, celebrity = PUBLISHED_TEMPLATES["waterbirds"], PUBLISHED_TEMPLATES["celeba"]
    assert class_prompts(["landbird", "waterbird"], land[0]).texts[0] == ("This is a picture of a landbird.",)
    assert group_prompts(["landbird", "waterbird"], ["land", "water"], land[1]).texts[0] == (
        "This is a picture of a landbird with land background.",
    )
    assert class_prompts(["dark", "blond"], celebrity[0]).texts[1] == ("A photo of a celebrity with blond hair.",)
    groups = group_prompts(["dark", "blond"], ["female", "male"], celebrity[1])
    assert groups.texts[1] == ("A photo of a male celebrity with dark hair.",)
    assert groups.labels == (0, 0, 1, 1)


def test_names_with_braces_stay_as_they_are() -> None:
    assert group_prompts(["{attribute}"], ["{class}"], ["{class} on {attribute}"]).texts == (
        ("{attribute} on {class}",),
    )


def test_a_prompt_is_the_unit_mean_of_its_unit_templates() -> None:
    np.testing.assert_allclose(prompt_embedding(encode_texts(["a dog", "dog"])), [0.5**0.5, 0.5**0.5], atol=1e-6)


def test_an_image_belongs_to_the_nearest_prompt() -> None:
    classifier = ZeroShot.of(class_prompts(["dog", "horse"], ["a {class}", "{class}"]), encode_texts)
    np.testing.assert_array_equal(classifier.predict(np.array([[3.0, 1], [0, 0.1], [-2, 0.1], [-1, 3]])), [0, 0, 1, 0])


def test_the_best_groups_class_wins() -> None:
    embeddings = np.eye(4, dtype=np.float32)
    classifier = ZeroShot(embeddings, np.array(group_prompts(["x", "y"], ["p", "q"]).labels))
    np.testing.assert_array_equal(classifier.predict(embeddings), [0, 0, 1, 1])


def test_the_first_of_tied_prompts_wins() -> None:
    assert ZeroShot(np.eye(2, dtype=np.float32), np.arange(2)).predict(np.ones((1, 2))).tolist() == [0]


def test_templates_that_do_not_fit_are_refused() -> None:
    for template in ("a picture", "{class} {class}", "{class} {attribute}", "{class} on {place}", "{class} {}"):
        with pytest.raises(BadTemplate, match=r"\{class\} exactly once"):
            class_prompts(["dog"], [template])
    with pytest.raises(BadTemplate, match=r"\{class\} and \{attribute\} exactly once"):
        group_prompts(["dog"], ["cartoon"], ["a {class}"])
    with pytest.raises(BadTemplate, match=r"and no other slot, but .* on \{place\}' does not"):
        group_prompts(["dog"], ["cartoon"], ["a {attribute} of a {class} on {place}"])
    with pytest.raises(BadTemplate, match="at least one text"):
        class_prompts(["dog"], [])
    with pytest.raises(BadTemplate, match="at least one text"):
        Prompts((("a",),), (0, 1))


def test_arrays_that_do_not_fit_are_refused() -> None:
    classifier = ZeroShot(np.eye(2, dtype=np.float32), np.arange(2))
    with pytest.raises(BadArray, match="do not have the prompts' 2 dimensions"):
        classifier.predict(np.ones((1, 3)))
    for bad in (np.nan, 0.0):
        with pytest.raises(BadArray, match="image 1 is zero or not finite"):
            classifier.predict(np.array([[1.0, 0], [bad, 0]]))
    with pytest.raises(BadArray, match="text embedding 0 is zero or not finite"):
        prompt_embedding(np.zeros((1, 2)))
    with pytest.raises(BadArray, match=r"must have shapes \(P, d\) and \(P,\)"):
        ZeroShot(np.eye(2, dtype=np.float32), np.arange(3))
    with pytest.raises(BadArray, match="row 1 of prompt embeddings is not finite"):
        ZeroShot(np.array([[1, 0], [np.nan, 0]], np.float32), np.arange(2))
    for length in (0, 2):
        with pytest.raises(BadArray, match="prompt embedding 1 does not have length 1"):
            ZeroShot(np.array([[1, 0], [length, 0]], np.float32), np.arange(2))
    with pytest.raises(BadArray, match="label -1 of prompt 0"):
        ZeroShot(np.eye(2, dtype=np.float32), np.array([-1, 0]))
