"""Reading and decoding of single images, and their thumbnails.

Files from elsewhere are decoded by `image_decoding` alone, in a process of its own.
"""

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import cast

from PIL import Image, ImageOps, UnidentifiedImageError

from clarify_errors.arrays.common.modeling_errors import ModelingError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
PIXEL_LIMIT = 50_000_000
PIXEL_BYTES = 4 * PIXEL_LIMIT
BYTE_LIMIT = 100 * 2**20
# Twice the largest square in which a laptop or a phone shows one, so that it is sharp on a dense screen; so many
# pixels hide what this quality loses. A long narrow image is bounded by its longest side.
THUMBNAIL_SHORT_SIDE = 288
THUMBNAIL_LONG_SIDE = 576
THUMBNAIL_QUALITY = 70

# Errors of Pillow's decoders and its EXIF reader for damaged files.
_DECODE_ERRORS = (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, struct.error)


class ImageRejected(ModelingError):
    """An image cannot be used.

    Attributes
    ----------
    reason : str
        `missing`, `oversized`, `truncated` or `unreadable`.
    detail : str
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def read_bytes(path: Path) -> bytes:
    """Read the bytes of a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    bytes

    Raises
    ------
    ImageRejected
        If it cannot be read, is not a regular file, or is larger than BYTE_LIMIT.
    """
    try:
        if not path.is_file():
            raise ImageRejected("missing", "there is no such file")
        size = path.stat().st_size
        if size > BYTE_LIMIT:
            raise ImageRejected("oversized", f"{size} bytes, more than {BYTE_LIMIT}")
        return path.read_bytes()
    except OSError as error:
        raise ImageRejected("missing", error.strerror or str(error)) from error


def as_rgb(image: Image.Image) -> Image.Image:
    """Turn an image upright by its EXIF orientation, and into RGB.

    Transparency is dropped. Grey levels of 16 bits are scaled, where Pillow would clip them to white.

    Parameters
    ----------
    image : PIL image
        Levels that are floats lie between 0 and 1.

    Returns
    -------
    PIL image

    Raises
    ------
    ImageRejected
        If levels are outside what their type can mean.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        levels, top = (
            image.convert("I").convert("F") if image.mode != "F" else image,
            1.0 if image.mode == "F" else 65535.0,
        )
        low, high = cast("tuple[float, float]", levels.getextrema())  # of one band
        if not (low >= 0 and high <= top):
            raise ImageRejected("unreadable", f"its grey levels are not all between 0 and {top:g}")
        return levels.point(lambda level: level * (255 / top) + 0.5).convert("L").convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def decode(data: bytes, formats: tuple[str, ...] | None = FORMATS) -> Image.Image:
    """Decode the first frame as RGB, as `as_rgb` makes it.

    Files from elsewhere
    are decoded by `image_decoding.decode_apart` alone, which calls this in another process.

    Parameters
    ----------
    data : bytes
    formats : tuple of str or None, default FORMATS
        None allows all that Pillow reads: for files of one's own.

    Returns
    -------
    PIL image

    Raises
    ------
    ImageRejected
        If it cannot be decoded, or has more than PIXEL_LIMIT pixels. No pixel is decoded before that check.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(data), formats=formats)
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise ImageRejected("oversized", f"{width} by {height} pixels, more than {PIXEL_LIMIT} in all")
        image.load()
        return as_rgb(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageRejected("oversized", str(error)) from error
    except ImageRejected:
        raise
    except UnidentifiedImageError as error:
        raise ImageRejected(
            "unreadable", f"it is not one of {', '.join(formats or ['the formats that Pillow reads'])}"
        ) from error
    except (*_DECODE_ERRORS, zlib.error) as error:
        reason = "truncated" if "truncated" in str(error).lower() or _is_cut_webp(data) else "unreadable"
        raise ImageRejected(reason, str(error)) from error


def thumbnail(image: Image.Image) -> bytes:
    """Make a thumbnail without the source's metadata.

    Parameters
    ----------
    image : PIL image

    Returns
    -------
    bytes
        WebP whose shorter side has at most THUMBNAIL_SHORT_SIDE pixels, and its longer at most THUMBNAIL_LONG_SIDE.
    """
    small = image.copy()
    side = min(THUMBNAIL_LONG_SIDE, THUMBNAIL_SHORT_SIDE * max(image.size) / min(image.size))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small.info.clear()
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=THUMBNAIL_QUALITY, method=2, exif=b"", xmp=b"", icc_profile=b"")
    return stream.getvalue()


def is_whole_thumbnail(path: Path) -> bool:
    """Return whether a thumbnail was written to its end.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    bool
    """
    return path.is_file() and (data := path.read_bytes())[8:12] == b"WEBP" and not _is_cut_webp(data)


def _is_cut_webp(data: bytes) -> bool:
    """Return whether a WebP file is shorter than its header says; Pillow does not report this as such."""
    return data[8:12] == b"WEBP" and len(data) < 8 + int.from_bytes(data[4:8], "little")
