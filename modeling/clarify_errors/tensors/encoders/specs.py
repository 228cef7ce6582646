"""Encoder specs: the strings by which data sets and settings name an encoder.

This is the one place where modules are imported late: transformers is optional, and open_clip takes seconds to import.
A worker that only retrains last layers starts without it.
"""

from clarify_errors.arrays.common.foreign_modules import plugged_in
from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders.checked import CheckedEncoder, Encoder
from clarify_errors.tensors.encoders.inference import loading

_INTERFACE = ("name", "dim", "encode_images", "encode_texts")
BUNDLED = "bundled:small-clip"

_FORMS = (
    f"{BUNDLED}, open_clip:<model>:<pretrained tag or weights file>, transformers:<model or folder>, "
    "or python:<dotted path>"
)
_NO_TRANSFORMERS = (
    "encoders transformers:… need the package transformers: install Clarify with its extra `transformers`"
)


def load_encoder(spec: str) -> CheckedEncoder:
    """Load the encoder that a spec names, and check its outputs.

    Parameters
    ----------
    spec : str
        One of

        - `bundled:small-clip`: the small CLIP of this package, for sprites.
        - `open_clip:<model>:<pretrained tag or weights file>`: any model of open_clip.
        - `transformers:<model or folder>`: a CLIP-like model of Hugging Face transformers, such as AltCLIP or ALIGN.
        - `python:<module>` with `load()` in it, or `python:<module>:<factory>`: a custom encoder.

    Returns
    -------
    CheckedEncoder

    Raises
    ------
    EncoderUnavailable
        If it cannot be loaded; the message says what to do.
    """
    return CheckedEncoder(_load(spec), spec)


def _load(spec: str) -> Encoder:
    kind, _, rest = spec.partition(":")
    model, _, pretrained = rest.partition(":")
    if spec == BUNDLED:
        from clarify_errors.tensors.encoders.clip import load_bundled

        return load_bundled()
    if kind == "open_clip" and model and pretrained:
        from clarify_errors.tensors.encoders.clip import load_open_clip

        return load_open_clip(model, pretrained)
    if kind == "transformers" and rest:
        try:
            from clarify_errors.tensors.encoders.transformers import load_transformers
        except ModuleNotFoundError as error:
            raise EncoderUnavailable(_NO_TRANSFORMERS) from error
        return load_transformers(rest)
    if kind == "python" and rest:
        return _custom(spec, model, pretrained or "load")
    raise EncoderUnavailable(f"{spec!r} names no encoder: use {_FORMS}")


def _custom(spec: str, module_name: str, factory_name: str) -> Encoder:
    with loading(f"the encoder {spec} cannot be loaded"):
        encoder: Encoder = plugged_in(module_name, factory_name, _INTERFACE)
    return encoder
