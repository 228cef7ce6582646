"""Figures as a worker has drawn them for pages, and how they are stored: the web process only hands them out."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

MAX_BYTES = 16 * 2**20  # of an analysis's figures, compressed: those that come later are left to releases


@dataclass(frozen=True)
class DrawnLayout:
    """A figure in one width. vega: its specification compiled to Vega, as JSON; svg: the same for readers without
    scripts, empty for a logarithmic axis, which only a script switches to.
    """

    vega: str
    svg: str


@dataclass(frozen=True)
class DrawnFigure:
    """file: an SVG that stands by itself; layouts: by their names, such as "narrow"; pdf: the file as PDF.

    Analyses of earlier versions have no PDF.
    """

    file: str
    layouts: Mapping[str, DrawnLayout]
    pdf: bytes = b""


class StoredFigures:
    """The figures of an analysis by their keys, each unpacked when it is asked for."""

    def __init__(self, content: bytes) -> None:
        self._packed = msgspec.msgpack.decode(content, type=dict[str, bytes])

    def get(self, key: str) -> DrawnFigure | None:
        packed = self._packed.get(key)
        return msgspec.msgpack.decode(zlib.decompress(packed), type=DrawnFigure) if packed else None


NOTHING_DRAWN = StoredFigures(msgspec.msgpack.encode({}))


def figures_to_bytes(figures: Mapping[str, DrawnFigure], max_bytes: int = MAX_BYTES) -> bytes:
    """Return what `StoredFigures` reads, of the first figures that fit."""
    packed: dict[str, bytes] = {}
    for key, figure in figures.items():
        compressed = zlib.compress(msgspec.msgpack.encode(figure))
        if sum(map(len, packed.values())) + len(compressed) <= max_bytes:
            packed[key] = compressed
    return msgspec.msgpack.encode(packed)
