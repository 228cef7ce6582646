"""The drawn data set, whose images the bundled encoder finds far more alike than CLIP finds photographs."""

import numpy as np
from PIL import Image

from clarify_errors.arrays.embeddings.duplicate_limits import COPIES_ABOVE, duplicate_limit
from clarify_errors.arrays.sprites.attributes import VALUES, SpriteAttributes
from clarify_errors.arrays.sprites.drawing import draw
from clarify_errors.arrays.sprites.style import AMBIGUOUS
from clarify_errors.tensors.encoders import load_encoder
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind
from clarify_errors.tensors.similarity_search.near_duplicates import similarities_to_nearest
from tests.modeling.tensors.similarity_search.indexes import in_memory


def test_few_drawings_are_taken_for_copies_of_each_other() -> None:
    n, rng = 800, np.random.default_rng(0)
    given = {name: rng.integers(min(len(values), 2), size=n, dtype=np.int8) for name, values in VALUES.items()}
    drawings = draw(SpriteAttributes(**given), rng, AMBIGUOUS)
    rows = load_encoder("bundled:small-clip").encode_images([Image.fromarray(each) for each in drawings])
    rows[-1] = rows[0]
    nearest = similarities_to_nearest(in_memory(rows, IndexKind.FLAT), rows, np.arange(n))
    limit = duplicate_limit(nearest)
    assert (nearest > np.float32(0.98)).mean() > 0.5  # what was offered before
    assert (nearest > np.float32(limit)).mean() < 0.03
    assert limit < COPIES_ABOVE < nearest[0] and nearest[0] == nearest[-1]
