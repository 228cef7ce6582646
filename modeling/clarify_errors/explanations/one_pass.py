"""One pass over pictures: embeddings, a network's activations and its answers, kept on the disk by content."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.explanations.classifiers import Classifier, Network, PictureFunction
from clarify_errors.explanations.in_place import digest_of_weights
from clarify_errors.explanations.inputs import as_array, picture
from clarify_errors.explanations.labelled_pictures import LabelledPictures
from clarify_errors.tensors.encoders import Encoder

_BATCH = 64
_PROBE = Image.linear_gradient("L").convert("RGB")  # what an encoder makes of it tells its weights from others

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class DiskCache:
    """Arrays in files that are named by a digest of all they depend on.

    Attributes
    ----------
    folder : pathlib.Path or None
        None keeps nothing.
    """

    folder: Path | None

    def of(self, key: str, compute: Callable[[], Arrays]) -> Arrays:
        """Read arrays, or compute and keep them.

        Parameters
        ----------
        key : str
            From `digest`.
        compute : callable

        Returns
        -------
        dict of str to ndarray
        """
        if self.folder is None:
            return compute()
        path = self.folder / key[:2] / f"{key}.npz"
        try:
            with np.load(path, allow_pickle=False) as kept:
                return dict(kept)
        except (OSError, ValueError, EOFError, BadZipFile):  # missing, or damaged
            arrays = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:  # a run that is stopped leaves no half file
            np.savez(file, **arrays)  # type: ignore[arg-type]  # its stubs take a keyword for allow_pickle
        Path(file.name).replace(path)
        return arrays


def digest(*parts: Any) -> str:
    """Compute a SHA-256 of texts and arrays.

    Parameters
    ----------
    *parts : str or array_like

    Returns
    -------
    str
        64 hex digits.
    """
    found = sha256()
    for part in parts:
        array = (
            np.frombuffer(part.encode(), np.uint8) if isinstance(part, str) else np.ascontiguousarray(as_array(part))
        )
        found.update(f"{array.dtype} {array.shape};".encode() + array.tobytes())
    return found.hexdigest()


class KeptEncoder:
    """An encoder whose embeddings are kept on the disk.

    Parameters
    ----------
    encoder : Encoder
    cache : DiskCache
    """

    def __init__(self, encoder: Encoder, cache: DiskCache) -> None:
        self._encoder, self._cache = encoder, cache
        self.name = str(getattr(encoder, "name", ""))  # an encoder of your own may have none
        self.dim = encoder.dim
        self.languages: Sequence[str] = getattr(encoder, "languages", (ENGLISH,))
        probes = encoder.encode_images([_PROBE]), encoder.encode_texts(["an image of a red square"])
        self._identity = digest(self.name, *probes)

    def encode_images(self, images: Sequence[Image.Image], /) -> NDArray[np.float32]:
        """Embed RGB images.

        Parameters
        ----------
        images : sequence of PIL images

        Returns
        -------
        float32 ndarray of shape (n, dim)
        """
        key = digest("images", self._identity, *images)
        return self._cache.of(key, lambda: {"rows": self._encoder.encode_images(images)})["rows"]

    def encode_texts(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Embed texts.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        float32 ndarray of shape (n, dim)
        """
        key = digest("texts", self._identity, *texts)
        return self._cache.of(key, lambda: {"rows": self._encoder.encode_texts(texts)})["rows"]


@dataclass(frozen=True, eq=False)
class Passed:
    """What one pass took.

    Attributes
    ----------
    kept : int64 ndarray of shape (m,)
        Positions of the pictures that could be read.
    unreadable : dict of str to str
        Of the others, by path or position: the reason.
    images : float32 ndarray of shape (m, d)
        Embeddings.
    features : float32 ndarray of shape (m, e) or None
        What goes into a network's last layer.
    answers : ndarray of shape (m,) or None
        Predictions, by name or number.
    """

    kept: NDArray[np.int64]
    unreadable: dict[str, str]
    images: NDArray[np.float32]
    features: NDArray[np.float32] | None
    answers: NDArray[Any] | None


def pass_over(
    data: LabelledPictures, encoder: Encoder, classifier: Classifier | None, cache: DiskCache, name: str
) -> Passed:
    """Read each picture once, for the encoder and for the classifier.

    Parameters
    ----------
    data : LabelledPictures
    encoder : Encoder
    classifier : Network, Estimator, PictureFunction or None
    cache : DiskCache
    name : str
        Under which answers of a function are kept; empty to ask it each time.

    Returns
    -------
    Passed

    Raises
    ------
    BadArray
        If no picture can be read, or the classifier answers otherwise than it should.
    """
    kept: list[int] = []
    unreadable: dict[str, str] = {}
    embedded: list[NDArray[np.float32]] = []
    seen: list[Arrays] = []
    identity = digest_of_weights(classifier.module) if isinstance(classifier, Network) else name
    bar = tqdm(range(len(data.pictures)), unit=" pictures", disable=None)  # None: but on a terminal
    for batch in batched(bar, _BATCH):
        opened: dict[int, Image.Image] = {}
        for row in batch:
            try:
                opened[row] = picture(data.pictures[row])
            except (BadArray, OSError) as error:
                unreadable[_called(data.pictures, row)] = str(error)
        if not opened:
            continue
        images = list(opened.values())
        kept += opened
        embedded.append(encoder.encode_images(images))
        if isinstance(classifier, Network):
            inputs = _inputs(classifier, data, opened)
            if not seen:  # always asked: what it answers here tells it from another network with the same weights
                seen.append(vars(classifier.answer(inputs)))
                identity = digest(identity, *seen[0].values())
                continue
            key = digest("network", identity, *inputs)
            seen.append(cache.of(key, lambda inputs=inputs: vars(classifier.answer(inputs))))  # type: ignore[misc]
        elif isinstance(classifier, PictureFunction):
            asked = cache if name else DiskCache(None)
            key = digest("function", name, *images)
            seen.append(asked.of(key, lambda images=images: {"predictions": classifier.answer(images)}))  # type: ignore[misc]
    if not kept:
        raise BadArray(f"no picture can be read; the first: {next(iter(unreadable.values()))}")
    taken = {column: np.concatenate([each[column] for each in seen]) for column in (seen[0] if seen else ())}
    rows = np.array(kept, np.int64)
    return Passed(rows, unreadable, np.concatenate(embedded), taken.get("features"), taken.get("predictions"))


def _called(pictures: Sequence[Any], row: int) -> str:
    of = pictures[row] if isinstance(pictures, list) else None
    return str(of) if isinstance(of, str | os.PathLike) else f"picture {row}"


def _inputs(network: Network, data: LabelledPictures, opened: dict[int, Image.Image]) -> list[Any]:
    if data.tensors is not None:
        items = [data.tensors[row] for row in opened]
        return [item[0] if isinstance(item, tuple | list) else item for item in items]
    if network.transform is None:  # checked before the pass
        raise BadArray("a network needs transform=")
    return [network.transform(image) for image in opened.values()]
