import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.sprites.attributes import VALUES
from modeling.tensors.encoders.small_clip.evaluate import Row, auroc, captions, format_table


def test_auroc_agrees_with_scikit_learn_on_scores_with_many_ties() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        scores, positive = rng.integers(6, size=40) / 6, rng.random(40) < 0.4
        assert auroc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_auroc_is_one_for_a_perfect_order_and_zero_for_its_reverse() -> None:
    positive = np.array([False, False, True])
    assert auroc(np.array([0.1, 0.2, 0.3]), positive) == 1
    assert auroc(np.array([0.3, 0.2, 0.1]), positive) == 0


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_auroc_needs_positives_and_negatives(positive: list[bool]) -> None:
    with pytest.raises(BadArray, match="positives and negatives"):
        auroc(np.array([0.1, 0.2]), np.array(positive))


def test_the_phrases_speak_of_values_that_sprites_have() -> None:
    for _, caption in captions():
        for name, allowed in caption.allows.items():
            assert allowed < set(VALUES[name]), caption.text


def test_the_table_ends_with_the_least_of_each_column() -> None:
    table = format_table([Row("colour", "red", 0.99, 0.97), Row("shape", "box", 0.96, 0.98)])
    assert table.splitlines()[-1].split() == ["least", "0.960", "0.970"]
