"""Heads: last layers that predict from an encoder's raw features and are exported as one safetensors file."""

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
    """A linear classifier on standardised features, in float32.

    What is stored is float32, so a stored head predicts exactly as before.

    Attributes
    ----------
    coef : float32 ndarray of shape (C, d)
    intercept : float32 ndarray of shape (C,)
    standardization : Standardization
        Of d features, fitted on the training images.
    class_names : tuple of C str
        In the order of labels.

    Raises
    ------
    BadHead
        If shapes or types do not fit, or a number is not finite.
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
        """Make a head from trained coefficients, rounded to float32.

        Parameters
        ----------
        coef : float ndarray of shape (C, d)
        intercept : float ndarray of shape (C,)
        standardization : Standardization
        class_names : sequence of C str

        Returns
        -------
        Head

        Raises
        ------
        BadHead
            If shapes do not fit, or a number is not finite.
        """
        return cls(coef.astype(np.float32), intercept.astype(np.float32), standardization, tuple(class_names))

    def logits(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Compute logits: unit rows, z-score, linear layer.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
            Raw features of the encoder.

        Returns
        -------
        float64 ndarray of shape (n, C)

        Raises
        ------
        BadArray
            If d differs, or a row is zero or not finite.

        Notes
        -----
        An image's logits do not depend on the other images, to the bit. BLAS rounds differently for other numbers of
        rows.
        """
        z = np.ascontiguousarray(self.standardization.apply(features), dtype=np.float64)
        of_classes = [np.einsum("ij,j->i", z, row) for row in self.coef.astype(np.float64)]
        logits: NDArray[np.float64] = np.stack(of_classes, axis=1) + self.intercept
        return logits

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """Predict the label with the largest logit.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
            Raw features of the encoder.

        Returns
        -------
        int64 ndarray of shape (n,)
            The first of tied labels wins.

        Raises
        ------
        BadArray
            If d differs, or a row is zero or not finite.
        """
        labels: NDArray[np.int64] = self.logits(features).argmax(axis=1)
        return labels

    def to_bytes(self, metadata: Mapping[str, str] | None = None) -> bytes:
        """Encode the head as a safetensors file.

        It has the float32 tensors weight, bias, feature_mean and feature_deviation.

        Parameters
        ----------
        metadata : mapping of str to str, optional
            Model card (data, annotation, λ, metrics, versions, …). It is stored in the header beside `format` and
            `class_names` (a JSON list), which it must not contain.

        Returns
        -------
        bytes
            The same head and metadata give the same bytes.

        Raises
        ------
        BadHead
            If the metadata has one of the head's own keys.
        """
        metadata = dict(metadata or {})
        if _RESERVED & metadata.keys():
            raise BadHead(f"the metadata keys {sorted(_RESERVED)} are reserved")
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
        """Decode a file that `to_bytes` made.

        Parameters
        ----------
        data : bytes

        Returns
        -------
        Head

        Raises
        ------
        BadHead
            If it is any other file, or damaged.
        """
        try:
            tensors = safetensors.numpy.load(data)
        except SafetensorError as error:
            raise BadHead(f"the file is not a safetensors file: {error}") from error
        metadata = read_metadata(data)
        if metadata.get("format") != FORMAT or tensors.keys() != _TENSORS:
            raise BadHead(f"the safetensors file is not a head of the format {FORMAT}")
        try:
            standardization = Standardization(tensors["feature_mean"], tensors["feature_deviation"])
            class_names = tuple(json.loads(metadata["class_names"]))
        except (BadArray, KeyError, ValueError) as error:
            raise BadHead(f"the head is damaged: {error}") from error
        return cls(tensors["weight"], tensors["bias"], standardization, class_names)


def read_metadata(data: bytes) -> dict[str, str]:
    """Read the metadata of a safetensors file, `format` and `class_names` included.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    dict of str to str

    Raises
    ------
    BadHead
        If it is not a safetensors file.
    """
    header, _ = _split_header(data)
    metadata: dict[str, str] = header.get("__metadata__", {})
    return metadata


def _with_sorted_header(data: bytes) -> bytes:
    """Sort the keys of the header: safetensors writes metadata in an order that differs by process."""
    header, tensors = _split_header(data)
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors start at a multiple of 8
    return len(text).to_bytes(8, "little") + text + tensors


def _split_header(data: bytes) -> tuple[dict[str, dict[str, str]], bytes]:
    """Split a safetensors file into header (JSON, after its length in 8 little-endian bytes) and tensors."""
    end = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:end])
    except ValueError as error:
        raise BadHead(f"the file is not a safetensors file: {error}") from error
    if len(data) < end or not isinstance(header, dict):
        raise BadHead("the file is not a safetensors file: its header is cut off")
    return header, data[end:]
