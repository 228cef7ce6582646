"""What runs in the process that decodes images: it gives up all that decoding does not need, and answers."""

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable

from PIL import Image

from clarify_errors.arrays.images.image_files import PIXEL_BYTES, ImageRejected

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
