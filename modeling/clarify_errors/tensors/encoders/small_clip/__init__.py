"""The bundled encoder: a small CLIP that knows sprites, in open_clip's own format.

`python -m tests.modeling.tensors.encoders.small_clip.train` in a checkout trains it. This module has constants only, so
that a process without torch can import it.
"""

from pathlib import Path

NAME = "clarify-small-clip"
"""The model's name for open_clip, once `CONFIG_FOLDER` has been added with `open_clip.add_model_config`."""

CONFIG_FOLDER = Path(__file__).parent / "weights"
WEIGHTS_FILE = CONFIG_FOLDER / f"{NAME}.safetensors"
RECORD_FILE = CONFIG_FOLDER / "training.json"
"""Record of the training: seed, command, versions, time, figures. open_clip skips it: it is not a model's config."""
