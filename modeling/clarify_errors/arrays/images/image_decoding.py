"""Decoding in a process of its own, without the environment, files and network of this one.

A file may be made to take a decoder over, to crash it or to exhaust it. It then costs that process, which holds
nothing, and is one image that cannot be read (docs/decisions/0065).
"""

import atexit
import json
import logging
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

import clarify_errors
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.images import image_files
from clarify_errors.arrays.images.image_files import PIXEL_BYTES, PIXEL_LIMIT, ImageRejected, read_bytes

SECONDS = 20.0  # for one image; all tries of one are shorter than a worker may be silent
STARTS_WITHIN_S, ENDS_WITHIN_S = 60.0, 1.0
TRIES = 2  # a process may also end by a hand or a full memory, which is no fault of the image
LONGEST_LINE = 10_000
# All of its environment. glibc would return the memory of each image, and fault it in again for the next one.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
_SERVE = """
import socket, sys
sys.path[:] = {path!r}
from clarify_errors.arrays.images.confined_decoder import serve
from {decoder} import decode
serve(socket.socket(fileno={connection}), {pixels}, decode)
"""

logger = logging.getLogger(__name__)


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


class DecodingProcesses:
    """Processes that decode images, and another after one that an image ended.

    There are as many as threads that decode at the same time.

    Parameters
    ----------
    seconds : float
        Most that one image may take.
    decoder : str
        The module whose `decode` they call.

    Attributes
    ----------
    free : list
        Those that are not at it. The last one to decode is the next one: who decodes one by one needs no other.
    """

    def __init__(self, seconds: float = SECONDS, decoder: str = image_files.__name__) -> None:
        self._seconds = seconds
        self._decoder = decoder
        self.free: list[_Child] = []

    def decode(self, data: bytes) -> Image.Image:
        """Decode the first frame as RGB, as the decoder does, in a process for that.

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
        for _ in range(TRIES):
            try:
                child = self.free.pop()
            except IndexError:
                child = _Child(self._decoder)
            survived = False
            try:
                answer = child.answer(data, time.monotonic() + self._seconds)
                survived = True
            except TimeoutError:
                answer = ImageRejected("unreadable", f"its decoder did not end within {self._seconds:g} s")
            except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
                answer = ImageRejected("unreadable", f"its decoder crashed ({child.end() or repr(error)})")
            finally:
                if survived:
                    self.free.append(child)
                else:  # it may still answer, and the next image would get that answer
                    child.end()
            step_done()
            if survived:
                break
        if isinstance(answer, ImageRejected):
            raise answer
        return answer

    def end(self) -> None:
        """End those that are not at it; `decode` starts others."""
        while self.free:
            self.free.pop().end()


class _Child:
    """A process that decodes, the socket to it, and the memory that it puts pixels in."""

    def __init__(self, decoder: str) -> None:
        self._socket, theirs = socket.socketpair()
        path = [str(Path(clarify_errors.__file__).parents[1]), *map(os.path.abspath, sys.path)]
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


_processes = DecodingProcesses()
decode_apart, end_processes = _processes.decode, _processes.end
atexit.register(end_processes)
