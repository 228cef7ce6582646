"""A relay in front of a server, whose connections can fall silent as when a machine or a cable is gone (Linux alone).

To stop forwarding would not be enough: the kernel would go on acknowledging what comes. Here it drops every packet.
As a process of its own (`python -m tests.chaos.relay PORT ADDRESS`) it does what each line of its input says.
"""

import ctypes
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_RETURN_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF: of each packet keep 0 bytes


class Relay:
    """Listens at 127.0.0.1:`port`, and passes bytes to and fro between each connection and one of `connect`'s."""

    def __init__(self, connect: Callable[[], socket.socket], port: int = 0) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", port))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._silent: set[socket.socket] = set()
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self) -> int:
        """From now on nothing passes on the connections that are open; new ones pass everything. Returns how many."""
        for pair in self._pairs:
            self._silent.update(pair)
            with suppress(OSError):  # closed meanwhile
                _drop_all_that_comes(pair[0])
        return len(self._pairs)

    def cut_off(self) -> None:
        """Fall silent, and let nobody connect either."""
        _drop_all_that_comes(self._listener)
        self.fall_silent()

    def let_in(self) -> None:
        """Let new connections come again."""
        self._listener.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)

    def close(self) -> None:
        for each in [self._listener, *(end for pair in self._pairs for end in pair)]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                outer, _ = self._listener.accept()
                try:
                    inner = self._connect()
                except OSError:  # the server is away
                    outer.close()
                    continue
                for end in (outer, inner):
                    _send_at_once(end)
                self._pairs.append((outer, inner))
                for source, sink in ((outer, inner), (inner, outer)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source not in self._silent:
                    sink.sendall(data)
        if source not in self._silent:
            for end in (sink, source):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_WR)


@contextmanager
def relay(connect: Callable[[], socket.socket]) -> Iterator[Relay]:
    """A relay while the block runs. connect: opens a connection to the server."""
    running = Relay(connect)
    try:
        yield running
    finally:
        running.close()


def _send_at_once(end: socket.socket) -> None:
    """Let no part of an answer wait until the part before it is acknowledged, which takes 40 ms."""
    if end.family != socket.AF_UNIX:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _drop_all_that_comes(end: socket.socket) -> None:
    program = ctypes.create_string_buffer(_RETURN_NOTHING)
    length_and_address = struct.pack("HP", 1, ctypes.addressof(program))
    end.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, length_and_address)


def _connection(address: str) -> socket.socket:
    """Connect to a path of a Unix socket, or to host:port."""
    if address.startswith("/"):
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(address)
        return connected
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)))


def main() -> None:
    port, address = sys.argv[1:]
    running = Relay(lambda: _connection(address), int(port))
    acts: dict[str, Callable[[], object]] = {
        "half-open": running.fall_silent,
        "cut off": running.cut_off,
        "let in": running.let_in,
    }
    for line in sys.stdin:
        acts[line.strip()]()


if __name__ == "__main__":
    main()
