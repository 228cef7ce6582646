"""Reading and decoding of single images, and their thumbnails.

Images are decoded in a process of their own, without the environment, files and network of this one. A file may be made
to take a decoder over, to crash it or to exhaust it. It then costs that process, which holds nothing, and is one image
that cannot be read (docs/decisions/0065).
"""

import atexit
import ctypes
import io
import json
import logging
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

import modeling
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.common.steps import step_done

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

SECONDS = 20.0  # for one image; all tries of one are shorter than a worker may be silent
STARTS_WITHIN_S, ENDS_WITHIN_S = 60.0, 1.0
TRIES = 2  # a process may also end by a hand or a full memory, which is no fault of the image
LONGEST_LINE = 10_000
# All of its environment. glibc would return the memory of each image, and fault it in again for the next one.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
_SERVE = """
import socket, sys
sys.path[:] = {path!r}
from modeling.arrays.datasets.importing.images import serve
from {decoder} import decode
serve(socket.socket(fileno={connection}), {pixels}, decode)
"""

MEMORY = 2 * 2**30  # bytes of addresses; the largest images that are let in take 1.2 GiB
MOST_CHARACTERS = 1000
ALONE_S = 60.0  # for one image, where nobody is left to end this process

# All that Python and the decoders ask the kernel for once they are loaded.
_CALLS = (
    *("read", "write", "recvfrom", "sendto", "close", "lseek", "fstat", "newfstatat", "ioctl"),
    *("mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex", "getrandom", "sched_yield"),
    *("rt_sigreturn", "rt_sigaction", "rt_sigprocmask", "sigaltstack", "restart_syscall", "exit", "exit_group"),
    *("clock_gettime", "gettimeofday", "setitimer", "getpid", "gettid"),
)
Decode = Callable[[bytes], Image.Image]
_ALLOW, _NOT_PERMITTED = 0x7FFF0000, 0x00050001  # of libseccomp: SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)

logger = logging.getLogger(__name__)


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


def decode(data: bytes) -> Image.Image:
    """Decode the first frame as RGB.

    The image is turned upright according to its EXIF orientation, and transparency is dropped. Files from elsewhere
    are decoded by `decode_apart` alone, which calls this in another process.

    Parameters
    ----------
    data : bytes

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
            image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise ImageRejected("oversized", f"{width} by {height} pixels, more than {PIXEL_LIMIT} in all")
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


class CannotDecode(ModelingError):
    """The process that decodes images does not start."""


def read_image(path: Path) -> Image.Image:
    """Read an image from a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    PIL image
        As from `decode_apart`.

    Raises
    ------
    ImageRejected
        If it cannot be read or decoded.
    """
    return decode_apart(read_bytes(path))


def decode_apart(data: bytes) -> Image.Image:
    """Decode the first frame as RGB, as `decode` does, in the process for that.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    PIL image

    Raises
    ------
    ImageRejected
        If it cannot be decoded, has too many pixels, or its decoder crashes or does not end.
    CannotDecode
        If there is no process that decodes.
    """
    return _process.decode(data)


class DecodingProcess:
    """One process that decodes images, and another after one that it did not survive.

    Parameters
    ----------
    seconds : float
        Most that one image may take.
    decoder : str
        The module whose `decode` it calls.
    """

    def __init__(self, seconds: float = SECONDS, decoder: str = __name__) -> None:
        self._seconds = seconds
        self._decoder = decoder
        self._one_at_a_time = threading.Lock()
        self._child: _Child | None = None

    def decode(self, data: bytes) -> Image.Image:
        """Decode as `decode_apart` does.

        Parameters
        ----------
        data : bytes

        Returns
        -------
        PIL image

        Raises
        ------
        ImageRejected
            If it cannot be decoded, has too many pixels, or its decoder crashes or does not end.
        CannotDecode
            If there is no process that decodes.
        """
        with self._one_at_a_time:
            for _ in range(TRIES):
                child, self._child = self._child or _Child(self._decoder), None
                try:
                    answer = child.answer(data, time.monotonic() + self._seconds)
                    self._child = child
                except TimeoutError:
                    answer = ImageRejected("unreadable", f"its decoder did not end within {self._seconds:g} s")
                except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
                    answer = ImageRejected("unreadable", f"its decoder crashed ({child.end() or repr(error)})")
                finally:
                    if self._child is None:  # it may still answer, and the next image would get that answer
                        child.end()
                step_done()
                if self._child is not None:
                    break
        if isinstance(answer, ImageRejected):
            raise answer
        return answer

    @property
    def pid(self) -> int | None:
        """Return the number of the process, if there is one."""
        return None if self._child is None else self._child.pid

    def close(self) -> None:
        """End the process, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """A process that decodes, the socket to it, and the memory that it puts pixels in."""

    def __init__(self, decoder: str) -> None:
        self._socket, theirs = socket.socketpair()
        path = [str(Path(modeling.__file__).parents[1]), *map(os.path.abspath, sys.path)]
        with theirs, _memory() as memory:
            memory.truncate(PIXEL_BYTES)
            self._pixels = mmap.mmap(memory.fileno(), PIXEL_BYTES)
            fds = theirs.fileno(), memory.fileno()
            code = _SERVE.format(path=path, decoder=decoder, connection=fds[0], pixels=fds[1])
            self._process = subprocess.Popen(  # noqa: S603 - no shell, and nothing of anybody's in it
                [sys.executable, "-I", "-S", "-c", code],
                env=_MALLOC | {name: os.environ[name] for name in ["LD_LIBRARY_PATH"] if name in os.environ},
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        try:
            unfiltered = self._line(time.monotonic() + STARTS_WITHIN_S)["unfiltered"]
        except (OSError, EOFError) as error:
            raise CannotDecode(f"the process that decodes images did not start: {self.end() or repr(error)}") from error
        if unfiltered:
            logger.warning("images are decoded by a process that limits alone confine: %s", unfiltered)

    @property
    def pid(self) -> int:
        return self._process.pid

    def answer(self, data: bytes, until: float) -> Image.Image | ImageRejected:
        """Return what it makes of a file. Nothing that it says is trusted: the file may speak in its place."""
        self._socket.settimeout(_left(until))
        self._socket.sendall(len(data).to_bytes(8, "big"))
        self._socket.sendall(data)
        told = self._line(until)
        if "size" not in told:
            return ImageRejected(str(told["reason"]), str(told["detail"]))
        width, height = (int(side) for side in told["size"])
        if not (width > 0 and height > 0 and width * height <= PIXEL_LIMIT):
            raise ValueError(f"{width} by {height} pixels")
        with memoryview(self._pixels)[: 4 * width * height] as pixels:
            return Image.frombytes("RGB", (width, height), pixels, "raw", "RGBX")

    def end(self) -> str:
        """Kill it, unless it ended, and return how it ended before."""
        self._socket.close()
        self._pixels.close()
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(ENDS_WITHIN_S)
            return signal.Signals(-code).name if code < 0 else f"exit status {code}"
        self._process.kill()
        self._process.wait()
        return ""

    def _line(self, until: float) -> dict[str, Any]:
        length = int.from_bytes(self._receive(4, until), "big")
        if length > LONGEST_LINE:
            raise ValueError(f"an answer of {length} bytes")
        told = json.loads(self._receive(length, until))
        if not isinstance(told, dict):
            raise TypeError(f"an answer of {type(told).__name__}")
        return told

    def _receive(self, n: int, until: float) -> bytearray:
        received = bytearray(n)
        left = memoryview(received)
        while left:
            self._socket.settimeout(_left(until))
            n_now = self._socket.recv_into(left)
            if not n_now:
                raise EOFError("it is gone")
            left = left[n_now:]
        return received


def _memory() -> BinaryIO:
    """A file that both processes map; on Linux it is on no disk."""
    return os.fdopen(os.memfd_create("pixels"), "r+b") if sys.platform == "linux" else tempfile.TemporaryFile()


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.001)


def serve(connection: socket.socket, memory: int, decode: Decode) -> None:
    """Decode what comes, one image at a time, until the other side is gone.

    Parameters
    ----------
    connection : socket.socket
        A request is a length in 8 bytes and the file, an answer a length in 4 bytes and JSON. Before the first request
        it says why the kernel filters no calls, if so.
    memory : int
        Descriptor of PIXEL_BYTES bytes, where the pixels are put, 4 bytes each.
    decode : callable
        Makes an image of the bytes of a file, or raises ImageRejected.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # the worker finishes what it is at, and needs this process until then
    Image.init()  # what is loaded later would need files
    pixels = mmap.mmap(memory, PIXEL_BYTES)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    connection.sendall(_told(unfiltered=confine()))
    requests = connection.makefile("rb")
    while length := requests.read(8):
        data = requests.read(int.from_bytes(length, "big"))
        signal.setitimer(signal.ITIMER_REAL, ALONE_S)  # ends the process
        answer = _answer(decode, data, pixels)
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.sendall(answer)


def confine() -> str:
    """Give up for good all that decoding does not need.

    Returns
    -------
    str
        Why the kernel filters no calls, so that the limits alone confine this process; empty where it does.
    """
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        library = None
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),  # what is open stays so; no file and no socket is opened any more
    ):
        allowed = resource.getrlimit(limit)[1]
        least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (least, least))
    return "libseccomp.so.2 was not found" if library is None else _filter_calls(library)


def _filter_calls(library: ctypes.CDLL) -> str:
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_NOT_PERMITTED)))
    for name in _CALLS:
        number = library.seccomp_syscall_resolve_name(name.encode("ascii"))
        library.seccomp_rule_add(rules, ctypes.c_uint32(_ALLOW), number, 0)
    error = library.seccomp_load(rules)
    return f"the kernel takes no filter: {os.strerror(-error)}" if error else ""


def _answer(decode: Decode, data: bytes, pixels: mmap.mmap) -> bytes:
    try:
        image = decode(data)
        pixels[: 4 * image.width * image.height] = image.tobytes("raw", "RGBX")
        return _told(size=image.size)
    except ImageRejected as rejection:
        return _told(reason=rejection.reason, detail=rejection.detail[:MOST_CHARACTERS])
    except MemoryError:
        return _told(reason="oversized", detail=f"its decoder takes more than {MEMORY >> 30} GiB of memory")
    except Exception as error:  # of a decoder, for this image
        return _told(reason="unreadable", detail=f"{type(error).__name__}: {error}"[:MOST_CHARACTERS])


def _told(**answer: object) -> bytes:
    text = json.dumps(answer).encode("ascii")
    return len(text).to_bytes(4, "big") + text


_process = DecodingProcess()
atexit.register(_process.close)
