"""A process that loads libraries once and forks: to load them takes longer than most of what a process is asked.

Of the site itself nothing is loaded before a fork: it reads the environment, which each process has of its own.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

IN = "CLARIFY_TESTS_PROCESSES"  # names the address of the processes that a stand-in asks for a fork
_END_OF_A_STAND_IN = "\nimport atexit; atexit._run_exitfuncs()"
_NUMBER = 4  # bytes


def ask(
    address: str,
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    files: Sequence[int],
    without: Iterable[str] = (),
) -> socket.socket:
    """Ask for a fork that runs a program with nothing but this environment, and these files as the first three.

    `next_number` says of what is returned first the fork's process id and then, when it has ended, its exit status.
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    asked = json.dumps([program, list(arguments), dict(environment), list(without)]).encode()
    socket.send_fds(connection, [len(asked).to_bytes(_NUMBER, "big")], files)
    connection.sendall(asked)
    return connection


def next_number(connection: socket.socket) -> int:
    return int.from_bytes(connection.recv(_NUMBER, socket.MSG_WAITALL), "big", signed=True)


def stand_in() -> None:
    """Be an interpreter that is told its program with `-c`, by a fork, and end when that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    program = sys.argv[-1] + _END_OF_A_STAND_IN
    connection = ask(os.environ[IN], program, ["-c"], os.environ, [0, 1, 2])
    next_number(connection)
    sys.exit(next_number(connection))


def serve(number: int, *libraries: str) -> None:
    """Load libraries, and fork for each who connects to the socket of this number, until standard input ends.

    Where the socket is standard input, until it is killed.
    """
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts a run ends this process with it
    for library in libraries:
        importlib.import_module(library)
    gc.freeze()  # what is collected would be copied for each fork
    with socket.socket(fileno=number) as listening, selectors.DefaultSelector() as waiting:
        run = _Server(listening, waiting).serve(ends=number != 0)
    if run:
        gc.enable()
        run()


class _Server:
    def __init__(self, listening: socket.socket, waiting: selectors.BaseSelector) -> None:
        self._listening, self._waiting = listening, waiting
        self._forks: dict[int, tuple[int, socket.socket]] = {}  # by a descriptor that can be read when it has ended

    def serve(self, *, ends: bool) -> Callable[[], None] | None:
        """In a fork, what it has to do; otherwise None, at the end."""
        self._waiting.register(self._listening, selectors.EVENT_READ)
        if ends:
            self._waiting.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._waiting.select():
                if key.fileobj is self._listening:
                    if run := self._fork():
                        return run
                elif key.fileobj is sys.stdin:
                    self._end()
                    return None
                else:
                    self._tell_of_its_end(key.fd)

    def _fork(self) -> Callable[[], None] | None:
        connection = self._listening.accept()[0]
        length, files, *_ = socket.recv_fds(connection, _NUMBER, 3)
        asked = json.loads(connection.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL))
        pid = os.fork()
        if not pid:
            return lambda: _run(files, *asked)
        for each in files:
            os.close(each)
        _say(connection, pid)
        ended = os.pidfd_open(pid)
        self._forks[ended] = pid, connection
        self._waiting.register(ended, selectors.EVENT_READ)
        return None

    def _tell_of_its_end(self, ended: int) -> None:
        pid, connection = self._forks.pop(ended)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._waiting.unregister(ended)
        os.close(ended)
        with connection:
            _say(connection, code)

    def _end(self) -> None:
        for ended, (pid, _) in [*self._forks.items()]:
            os.kill(pid, signal.SIGKILL)
            self._tell_of_its_end(ended)


def _say(connection: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody may wait for it
        connection.sendall(number.to_bytes(_NUMBER, "big", signed=True))


def _run(
    files: Sequence[int], program: str, arguments: list[str], environment: dict[str, str], without: Iterable[str]
) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = arguments
    sys.modules.update(dict.fromkeys(without))  # type: ignore[arg-type]
    code: Any = 0
    try:
        exec(program, {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take everything down that was loaded takes as long as to load it


if __name__ == "__main__":
    stand_in()
