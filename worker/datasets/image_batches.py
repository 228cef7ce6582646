"""Embeds images so that an image's embedding does not depend on how many others come with it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from socket import gethostname

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder, Encoders
from modeling.arrays.datasets.importing.import_errors import ImportRefused
from modeling.arrays.datasets.importing.shards import Plan
from modeling.arrays.datasets.importing.storage import json_bytes
from modeling.tensors.encoders import CheckedEncoder, EncoderUnavailable, describe, load_encoder
from modeling.tensors.encoders.inference import device_kind

# Below some dozen images the libraries choose other kernels, which round differently (1e-7); from 16 on they did not.
MIN_BATCH = 16


class SteadyBatches:
    """An encoder that fills a small batch up with copies of its last image, and drops their rows again.

    An import ends in a small batch and a prediction may be one: both then give an image the same bits, so that a head
    that left the system predicts what it predicted in it.
    """

    def __init__(self, encoder: CheckedEncoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self.dim = encoder.dim
        self.prepare = encoder.prepare
        self.device = device_kind()

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """float32[n, dim] unit rows of n RGB images. Raises BadEmbedding."""
        if not images:
            return self._encoder.encode_images([])
        filling = [images[-1]] * max(MIN_BATCH - len(images), 0)
        return self._encoder.encode_images([*images, *filling])[: len(images)]


def described_encoder(spec: str) -> DescribedEncoder:
    """Load the encoder of a spec, for an import. Raises EncoderUnavailable."""
    encoder = load_encoder(spec)
    return DescribedEncoder(SteadyBatches(encoder), describe(encoder, spec))


described_once = cache(described_encoder)


def encoders_here(plan: Plan) -> Encoders:
    """Load the encoders of a plan that another process wrote, maybe on another machine.

    Raises EncoderUnavailable, also where one differs here, and ImportRefused where the images are not here.
    """
    if not Path(plan.root).is_dir():
        raise ImportRefused(f"{plan.root} is not on the machine {gethostname()}")
    encoders = {}
    for name, origin in plan.arrays.items():
        described = described_once(str(origin["spec"]))
        if json_bytes(described.description) != json_bytes(origin):
            raise EncoderUnavailable(f"{origin['spec']} is another one on {gethostname()} than where the import began")
        encoders[name] = described
    return encoders
