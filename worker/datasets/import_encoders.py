"""The encoders of an import, by their specs."""

from functools import cache
from pathlib import Path
from socket import gethostname

from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders, ImageEncoder
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.shards import Plan
from clarify_errors.arrays.datasets.importing.storage import json_bytes
from clarify_errors.tensors.encoders import EncoderUnavailable, load_encoder

loaded_once = cache(load_encoder)


def encoders_here(plan: Plan) -> Encoders:
    """Load the encoders of a plan that another process wrote, maybe on another machine.

    Raises EncoderUnavailable, also where one differs here, and ImportRefused where the images are not here.
    """
    if not Path(plan.root).is_dir():
        raise ImportRefused(f"{plan.root} is not on the machine {gethostname()}")
    encoders: dict[str, ImageEncoder] = {}
    for name, origin in plan.arrays.items():
        encoder = loaded_once(str(origin["spec"]))
        if json_bytes(encoder.description) != json_bytes(origin):
            raise EncoderUnavailable(f"{origin['spec']} is another one on {gethostname()} than where the import began")
        encoders[name] = encoder
    return encoders
