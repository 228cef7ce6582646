"""One image: read, refused or decoded, and made into a thumbnail."""

import io
import struct
import warnings
import zlib
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from modeling.arrays.common.modeling_errors import ModelingError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
PIXEL_LIMIT = 50_000_000
BYTE_LIMIT = 100 * 2**20
THUMBNAIL_SIDE = 256
THUMBNAIL_QUALITY = 80

# What Pillow's decoders and its EXIF reader raise on damaged files.
_DECODE_ERRORS = (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, struct.error)


class ImageRejected(ModelingError):
    """An image that cannot be used. `reason` is missing, oversized, truncated or unreadable; `detail` says more."""

    code = "image_rejected"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def read_image(path: Path) -> Image.Image:
    """The image in a file as `decode` gives it. Raises ImageRejected."""
    return decode(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises ImageRejected where it cannot be read, is no regular file, or exceeds BYTE_LIMIT."""
    try:
        if not path.is_file():
            raise ImageRejected("missing", "there is no such file")
        size = path.stat().st_size
        if size > BYTE_LIMIT:
            raise ImageRejected("oversized", f"{size} bytes, at most {BYTE_LIMIT} are read")
        return path.read_bytes()
    except OSError as error:
        raise ImageRejected("missing", error.strerror or str(error)) from error


def decode(data: bytes) -> Image.Image:
    """The first frame as RGB, turned upright as its EXIF orientation says; transparency is dropped.

    The limit on pixels is checked before any is decoded. Raises ImageRejected.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise ImageRejected("oversized", f"{width} by {height} pixels, at most {PIXEL_LIMIT} in all are decoded")
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return image if image.mode == "RGB" else image.convert("RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageRejected("oversized", str(error)) from error
    except ImageRejected:
        raise
    except UnidentifiedImageError as error:
        raise ImageRejected("unreadable", f"it is not one of {', '.join(FORMATS)}") from error
    except (*_DECODE_ERRORS, zlib.error) as error:
        reason = "truncated" if "truncated" in str(error).lower() or _is_cut_webp(data) else "unreadable"
        raise ImageRejected(reason, str(error)) from error


def thumbnail(image: Image.Image) -> bytes:
    """A WebP of at most THUMBNAIL_SIDE pixels a side, without the source's metadata."""
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    small.info.clear()
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=THUMBNAIL_QUALITY, method=2, exif=b"", xmp=b"", icc_profile=b"")
    return stream.getvalue()


def is_whole_thumbnail(path: Path) -> bool:
    """Whether a thumbnail was written to its end."""
    return path.is_file() and (data := path.read_bytes())[8:12] == b"WEBP" and not _is_cut_webp(data)


def _is_cut_webp(data: bytes) -> bool:
    """Whether a WebP file is shorter than its header says; Pillow does not tell this from other damage."""
    return data[8:12] == b"WEBP" and len(data) < 8 + int.from_bytes(data[4:8], "little")
