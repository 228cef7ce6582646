"""The base of our commands, which refuse in one sentence instead of a traceback, and the files of their `--output`."""

import getpass
import math
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from annotations.base.service_errors import ServiceError
from clarify_errors.arrays.common.modeling_errors import ModelingError

SHOWN = 20  # problems that are told one by one


def read_password() -> str:
    """Ask for it at a terminal; otherwise take the next line of standard input."""
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def positive(text: str) -> float:
    """Return the number > 0 that `text` is."""
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None
    if not (math.isfinite(value) and value > 0):
        raise ArgumentTypeError(f"it must be greater than 0, not {text}")
    return value


def names(text: str) -> list[str]:
    """Return the names in `text`, which commas separate."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise ArgumentTypeError(f"{text!r} is not a list of names separated by commas")
    return found


def add_dataset(parser: CommandParser) -> None:
    """Add the data set that a command works on."""
    parser.add_argument("dataset", metavar="DATASET", help="NAME, or NAME@VERSION for an older version")


def add_study(parser: CommandParser) -> None:
    """Add the study that a command works on."""
    parser.add_argument("slug", help="the study, as in the participants' link")


class PlainCommand(BaseCommand):
    """Turns refusals into CommandError; any other exception is a bug and passes."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (ModelingError, ServiceError) as error:
            message = str(error)
            raise CommandError(message if message.endswith((".", "!", "?")) else f"{message}.") from error

    def tell(self, lines: Iterable[str]) -> None:
        """Write lines."""
        for line in lines:
            self.stdout.write(line)

    def tell_left_out(self, problems: Sequence[str], what: str) -> None:
        """Write the first problems and how many there are. what: what becomes of them, as "rows were left out"."""
        self.tell(f"Left out: {problem}." for problem in problems[:SHOWN])
        if problems:
            self.stdout.write(f"{len(problems):,} {what}.")


@contextmanager
def writing(output: Path, advice: str = "Choose another --output.") -> Iterator[None]:
    """Turn what keeps a file or folder from being written into CommandError."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}. {advice}") from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by name into the folder of `--output`, which is made. Raises CommandError."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
