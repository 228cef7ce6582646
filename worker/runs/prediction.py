"""Applies a head to images outside of any data set, along the same path by which an import embeds them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.softmax import softmax
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.tensors.encoders import CheckedEncoder

BATCH_IMAGES = 64
SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})


class NoImages(ModelingError):
    """There is nothing to predict: a path does not exist, or no image lies there."""


class HeadDoesNotFit(ModelingError):
    """A head expects other features than the encoder gives."""


@dataclass(frozen=True)
class ImageFile:
    """An image to predict; inside a folder that was asked for, `name` is relative to it."""

    name: str
    path: Path


@dataclass(frozen=True)
class Prediction:
    """label: the class with the highest probability; probabilities: float64[C], their sum 1."""

    name: str
    label: int
    probabilities: NDArray[np.float64]


@dataclass(frozen=True)
class Rejected:
    """An image that cannot be read, and why."""

    name: str
    why: str


def find_images(paths: Sequence[Path]) -> list[ImageFile]:
    """The files among `paths`, and all images (by suffix) in the folders among them, sorted within each folder.

    Raises NoImages where a path does not exist or there is no image in any of them.
    """
    found: list[ImageFile] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
            found += [ImageFile(file.relative_to(path).as_posix(), file) for file in inside]
        elif path.exists():
            found.append(ImageFile(str(path), path))
        else:
            raise NoImages(f"{path}: no such file or folder")
    if not found:
        raise NoImages(f"there are no images ({', '.join(sorted(SUFFIXES))}) in {', '.join(map(str, paths))}")
    return found


def predict_images(
    head: Head, encoder: CheckedEncoder, images: Sequence[ImageFile], progress: Progress
) -> Iterator[Prediction | Rejected]:
    """Yield a prediction, or why there is none, for each image in turn.

    Raises HeadDoesNotFit where the encoder's embeddings have another width than the head's features.
    """
    if encoder.dim != head.coef.shape[1]:
        raise HeadDoesNotFit(
            f"the head expects {head.coef.shape[1]} features, but the encoder {encoder.name} gives {encoder.dim}"
        )
    progress("predicting", 0, len(images))
    done = 0
    for batch in batched(images, BATCH_IMAGES):
        read = [_read(image) for image in batch]
        good = [image for image in read if isinstance(image, Image.Image)]
        rows = iter(_predictions(head, encoder, good)) if good else iter(())
        for image, outcome in zip(batch, read, strict=True):
            if isinstance(outcome, ImageRejected):
                yield Rejected(image.name, str(outcome))
            else:
                yield Prediction(image.name, *next(rows))
        done += len(batch)
        progress("predicting", done, len(images))


def _predictions(
    head: Head, encoder: CheckedEncoder, images: Sequence[Image.Image]
) -> Iterable[tuple[int, NDArray[np.float64]]]:
    logits = head.logits(encoder.encode_images(images))
    return zip(logits.argmax(axis=1).tolist(), softmax(logits), strict=True)


def _read(image: ImageFile) -> Image.Image | ImageRejected:
    try:
        return read_image(image.path)
    except ImageRejected as rejection:
        return rejection
