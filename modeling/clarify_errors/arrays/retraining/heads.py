"""Heads: last layers that predict from an encoder's raw features and are exported as one safetensors file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from clarify_errors.arrays.common.modeling_errors import BadArray, BadHead
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_blocks

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

    @classmethod
    def of_layer(cls, tensors: Mapping[str, NDArray[Any]], class_names: Sequence[str], dim: int) -> Self:
        """Make a head from a linear layer that was trained elsewhere on unit rows.

        Parameters
        ----------
        tensors : mapping of str to ndarray
            By name, whatever stands before its last dot: weight (or coef) of shape (C, d), bias (or intercept) of
            shape (C,), if any, and the feature_mean and feature_deviation of shape (d,) of z-scores, if any.
        class_names : sequence of C str
        dim : int
            Features that the data set has.

        Returns
        -------
        Head

        Raises
        ------
        BadHead
            If there is no such layer or more than one, or shapes or numbers do not fit.
        """
        weight, bias = _only(tensors, ("weight", "coef")), _only(tensors, ("bias", "intercept"))
        n_classes = len(class_names)
        if weight is None:
            raise BadHead(f"there is no weight among {', '.join(tensors) or 'nothing'}")
        if weight.shape != (n_classes, dim):
            turned = ". Transpose it" if weight.shape == (dim, n_classes) else ""
            raise BadHead(
                f"the weight has the shape {weight.shape}, but {n_classes} classes and {dim} features need "
                f"{(n_classes, dim)}{turned}"
            )
        mean, deviation = _only(tensors, ("feature_mean",)), _only(tensors, ("feature_deviation",))
        given = (weight, np.zeros(n_classes) if bias is None else bias)
        scaling = (np.zeros(dim) if mean is None else mean, np.ones(dim) if deviation is None else deviation)
        if not all(np.issubdtype(each.dtype, np.floating) for each in (*given, *scaling)):
            raise BadHead("weight and bias must be floating-point numbers")
        try:
            with np.errstate(over="ignore"):  # what float32 cannot hold is refused as not finite
                standardization = Standardization(scaling[0].astype(np.float32), scaling[1].astype(np.float32))
                return cls.of(*given, standardization, class_names)
        except BadArray as error:
            raise BadHead(str(error)) from error

    def restandardized(self, standardization: Standardization) -> Self:
        """Express the head by other z-scores, with the same logits up to rounding.

        Parameters
        ----------
        standardization : Standardization
            Of as many features.

        Returns
        -------
        Head
        """
        raw = self.coef.astype(np.float64) / self.standardization.deviation
        shift = standardization.mean.astype(np.float64) - self.standardization.mean
        return self.of(raw * standardization.deviation, self.intercept + raw @ shift, standardization, self.class_names)

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
        return self._logits(self.standardization.apply(features))

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
        of_rows = self.standardization.of_unit_rows
        labels = [self._logits(of_rows(unit)).argmax(axis=1) for _, unit in unit_blocks(features)]
        return np.concatenate([np.empty(0, np.int64), *labels])

    def _logits(self, standardised: NDArray[np.float32]) -> NDArray[np.float64]:
        z = np.ascontiguousarray(standardised, dtype=np.float64)
        of_classes = [np.einsum("ij,j->i", z, row) for row in self.coef.astype(np.float64)]
        return np.stack(of_classes, axis=1) + self.intercept

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
    return header.get("__metadata__", {})


def _only(tensors: Mapping[str, NDArray[Any]], words: Sequence[str]) -> NDArray[Any] | None:
    """Return the only tensor of some names, None without one."""
    found = [name for name in tensors if name.rpartition(".")[2] in words]
    if len(found) > 1:
        raise BadHead(f"{' and '.join(sorted(found))} are more than one layer. Keep the last alone")
    return tensors[found[0]] if found else None


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
