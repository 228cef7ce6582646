"""A head: a last layer that leaves the system as one safetensors file and predicts from an encoder's raw features."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from modeling.arrays.common.modeling_errors import BadArray, BadHead
from modeling.arrays.embeddings.standardization import Standardization

FORMAT = "clarify-head-1"

_TENSORS = {"weight", "bias", "feature_mean", "feature_deviation"}
_RESERVED = {"format", "class_names"}


@dataclass(frozen=True)
class Head:
    """A linear classifier on standardised features.

    coef: [C, d] and intercept: [C], kept as float32 so that a stored head predicts exactly as it did before;
    standardization: of d features, fitted on the training images; class_names: C names, in the order of labels.
    """

    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]
    standardization: Standardization
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        expected = (len(self.class_names), len(self.standardization.mean))
        if self.coef.shape != expected or self.intercept.shape != expected[:1]:
            raise BadHead(
                f"coef {self.coef.shape} and intercept {self.intercept.shape} do not fit "
                f"{expected[0]} classes and {expected[1]} features"
            )
        if self.coef.dtype != np.float32 or self.intercept.dtype != np.float32:
            raise BadHead(f"coef and intercept must be float32, not {self.coef.dtype} and {self.intercept.dtype}")
        if not (np.isfinite(self.coef).all() and np.isfinite(self.intercept).all()):
            raise BadHead("coef and intercept must be finite")

    @classmethod
    def of(
        cls,
        coef: NDArray[np.floating],
        intercept: NDArray[np.floating],
        standardization: Standardization,
        class_names: Sequence[str],
    ) -> Self:
        """A head from trained coefficients [C, d] and intercepts [C] of any float type, rounded to float32."""
        return cls(coef.astype(np.float32), intercept.astype(np.float32), standardization, tuple(class_names))

    def logits(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """float64[n, C] from an encoder's features, float[n, d]: unit rows, z-score, linear layer.

        An image's logits are the same alone and among others, to the bit: unlike BLAS, whose rounding depends on how
        many rows there are. Raises BadArray for another d, or for a row that is zero or not finite.
        """
        z = np.ascontiguousarray(self.standardization.apply(features), dtype=np.float64)
        of_classes = [np.einsum("ij,j->i", z, row) for row in self.coef.astype(np.float64)]
        logits: NDArray[np.float64] = np.stack(of_classes, axis=1) + self.intercept
        return logits

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """The label with the largest logit, the first of tied ones: int64[n]. Raises BadArray as `logits` does."""
        labels: NDArray[np.int64] = self.logits(features).argmax(axis=1)
        return labels

    def to_bytes(self, metadata: Mapping[str, str] | None = None) -> bytes:
        """The head as a safetensors file: tensors weight, bias, feature_mean, feature_deviation, all float32.

        metadata: strings of the model card (data, annotation, λ, metrics, versions, …), stored in the file's header
        beside `format` and `class_names` (a JSON list). The same head and metadata give the same bytes.
        """
        metadata = dict(metadata or {})
        if _RESERVED & metadata.keys():
            raise BadHead(f"the metadata keys {sorted(_RESERVED)} are the head's own")
        tensors = {
            "weight": self.coef,
            "bias": self.intercept,
            "feature_mean": self.standardization.mean,
            "feature_deviation": self.standardization.deviation,
        }
        names = json.dumps(self.class_names, ensure_ascii=False)
        data = safetensors.numpy.save(
            {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()},
            {"format": FORMAT, "class_names": names, **metadata},
        )
        return _with_sorted_header(data)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The head in a file that `to_bytes` made. Raises BadHead for any other file."""
        try:
            tensors = safetensors.numpy.load(data)
        except SafetensorError as error:
            raise BadHead(f"this is not a safetensors file: {error}") from error
        metadata = read_metadata(data)
        if metadata.get("format") != FORMAT or tensors.keys() != _TENSORS:
            raise BadHead(f"this safetensors file is not a head of the format {FORMAT}")
        try:
            standardization = Standardization(tensors["feature_mean"], tensors["feature_deviation"])
            class_names = tuple(json.loads(metadata["class_names"]))
        except (BadArray, KeyError, ValueError) as error:
            raise BadHead(f"the head is damaged: {error}") from error
        return cls(tensors["weight"], tensors["bias"], standardization, class_names)


def read_metadata(data: bytes) -> dict[str, str]:
    """The metadata strings of a safetensors file, `format` and `class_names` included. Raises BadHead."""
    header, _ = _split_header(data)
    metadata: dict[str, str] = header.get("__metadata__", {})
    return metadata


def _with_sorted_header(data: bytes) -> bytes:
    """The same file with the header's keys sorted: safetensors writes metadata in an order that differs by process."""
    header, tensors = _split_header(data)
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + tensors


def _split_header(data: bytes) -> tuple[dict[str, dict[str, str]], bytes]:
    """A safetensors file is the header's length (8 bytes, little-endian), the header (JSON), then the tensors."""
    end = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:end])
    except ValueError as error:
        raise BadHead(f"this is not a safetensors file: {error}") from error
    if len(data) < end or not isinstance(header, dict):
        raise BadHead("this is not a safetensors file: its header is cut off")
    return header, data[end:]
