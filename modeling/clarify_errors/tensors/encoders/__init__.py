"""Encoders of images and texts into one space: open_clip's models, the bundled one, and custom ones."""

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders.checked import CheckedEncoder, Encoder
from clarify_errors.tensors.encoders.specs import load_encoder

__all__ = ["CheckedEncoder", "Encoder", "EncoderUnavailable", "load_encoder"]
