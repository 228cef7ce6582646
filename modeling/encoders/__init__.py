"""Encoders of images and texts into one space: one interface for open_clip's models, the bundled one, and others'."""

from modeling.encoders.checked import CheckedEncoder
from modeling.encoders.protocol import Encoder
from modeling.encoders.specs import describe, load_encoder
from modeling.errors import EncoderUnavailable

__all__ = ["CheckedEncoder", "Encoder", "EncoderUnavailable", "describe", "load_encoder"]
