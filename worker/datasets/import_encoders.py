"""The encoders of an import, by their specs."""

from functools import cache
from pathlib import Path
from socket import gethostname

from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder, Encoders
from modeling.arrays.datasets.importing.import_errors import ImportRefused
from modeling.arrays.datasets.importing.shards import Plan
from modeling.arrays.datasets.importing.storage import json_bytes
from modeling.tensors.encoders import EncoderUnavailable, describe, load_encoder


def described_encoder(spec: str) -> DescribedEncoder:
    """Load the encoder of a spec, for an import. Raises EncoderUnavailable."""
    encoder = load_encoder(spec)
    return DescribedEncoder(encoder, describe(encoder, spec))


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
