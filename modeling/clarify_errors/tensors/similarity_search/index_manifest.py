"""What an index was made of, and with which parameters: `manifest.json` in its directory."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, IndexParameters
from clarify_errors.tensors.similarity_search.recall import Measured

FORMAT = 1
MANIFEST = "manifest.json"
REBUILD_SHARE = 0.1  # of images removed


class BadIndex(ModelingError):
    """An index is missing, damaged, or of other images or another encoder.

    The message says which.
    """


@dataclass(frozen=True)
class Images:
    """What tells the images of an index from all others.

    Attributes
    ----------
    encoder : mapping or None
        Description of the encoder; None if the embeddings were supplied.
    sha256 : str
        Of the file of the embeddings.
    n_rows, dim : int
    """

    encoder: Mapping[str, Any] | None
    sha256: str
    n_rows: int
    dim: int


@dataclass(frozen=True)
class SegmentEntry:
    """One file of an index.

    Attributes
    ----------
    file : str
    first_row, n_rows : int
        In all images of the index.
    largest_error : float
        Length of the most that a code has lost of its image; 0 in a flat index.
    """

    file: str
    first_row: int
    n_rows: int
    largest_error: float


@dataclass(frozen=True)
class IndexManifest:
    """Contents of `manifest.json`.

    Attributes
    ----------
    images : tuple of Images
        First those that the index was built of, then those of each addition.
    parameters : IndexParameters
    measured : Measured or None
        None for an exact index.
    faiss : str
        Version of FAISS.
    segments : tuple of SegmentEntry
    files : mapping of str to str
        SHA-256 of each file.
    n_absent : int
        Images that are in no segment, since the index was built without them.
    """

    images: tuple[Images, ...]
    parameters: IndexParameters
    measured: Measured | None
    faiss: str
    segments: tuple[SegmentEntry, ...]
    files: Mapping[str, str]
    n_absent: int = 0

    @property
    def n_rows(self) -> int:
        """Return the number of images, those that were removed included."""
        return sum(images.n_rows for images in self.images)

    def is_due_for_rebuilding(self, n_removed: int) -> bool:
        """Tell whether more than a tenth of the images in the segments are removed.

        They slow every search.

        Parameters
        ----------
        n_removed : int
            Images that are never found, those that are absent included.

        Returns
        -------
        bool
        """
        return n_removed - self.n_absent > REBUILD_SHARE * (self.n_rows - self.n_absent)

    def to_json(self) -> str:
        """Return the manifest as JSON with sorted keys."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "IndexManifest":
        """Parse a manifest.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        IndexManifest

        Raises
        ------
        KeyError, TypeError, ValueError
            If the text is not a manifest of this format.
        """
        fields = json.loads(text)
        if fields.pop("format") != FORMAT:
            raise ValueError(f"this version reads format {FORMAT}")
        measured = fields["measured"]
        parameters = {**fields["parameters"], "kind": IndexKind(fields["parameters"]["kind"])}
        return cls(
            images=tuple(Images(**each) for each in fields.pop("images")),
            parameters=IndexParameters(**parameters),
            measured=None if measured is None else Measured(**measured),
            segments=tuple(SegmentEntry(**each) for each in fields.pop("segments")),
            n_absent=fields.get("n_absent", 0),
            **{name: fields[name] for name in ("faiss", "files")},
        )


def read_manifest(directory: Path) -> IndexManifest:
    """Read the manifest of an index.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    IndexManifest

    Raises
    ------
    BadIndex
        If it is missing or not a manifest.
    """
    path = directory / MANIFEST
    try:
        return IndexManifest.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise BadIndex(f"{path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadIndex(f"{path} is not the manifest of an index: {error}") from error
