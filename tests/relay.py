"""A relay in front of a server, whose connections can fall silent as when a machine or a cable is gone (Linux alone).

To stop forwarding would not be enough: the kernel would go on acknowledging what comes. Here it drops every packet.
"""

import ctypes
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_SO_ATTACH_FILTER = 26
_RETURN_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF: of each packet keep 0 bytes


class Relay:
    """Listens at 127.0.0.1:`port`, and passes bytes to and fro between each connection and one of `connect`'s."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._silent: set[socket.socket] = set()
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self) -> None:
        """From now on nothing passes on the connections that are open; new ones pass everything."""
        for pair in self._pairs:
            self._silent.update(pair)
            _drop_all_that_comes(pair[0])

    def close(self) -> None:
        for each in [self._listener, *(end for pair in self._pairs for end in pair)]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                outer, _ = self._listener.accept()
                inner = self._connect()
                self._pairs.append((outer, inner))
                for source, sink in ((outer, inner), (inner, outer)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source not in self._silent:
                    sink.sendall(data)
            if source not in self._silent:
                sink.shutdown(socket.SHUT_WR)


@contextmanager
def relay(connect: Callable[[], socket.socket]) -> Iterator[Relay]:
    """A relay while the block runs. connect: opens a connection to the server."""
    running = Relay(connect)
    try:
        yield running
    finally:
        running.close()


def _drop_all_that_comes(end: socket.socket) -> None:
    program = ctypes.create_string_buffer(_RETURN_NOTHING)
    length_and_address = struct.pack("HP", 1, ctypes.addressof(program))
    end.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, length_and_address)
