"""The base of our commands, which refuse in one sentence instead of a traceback, and the files of their `--output`."""

import getpass
import math
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from django.core.management import BaseCommand, CommandError, CommandParser

from annotations.base.service_errors import ServiceError
from annotations.base.word_files import read_words
from modeling.arrays.common.modeling_errors import ModelingError


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


SHOWN = 20  # problems that are told one by one
_TYPES = {"path": Path, "integer": int, "uuid": UUID, "positive number": positive, "names": names}


class PlainCommand(BaseCommand):
    """Turns refusals into CommandError; any other exception is a bug and passes.

    Its help and its arguments stand under its name in commands.toml, beside its module, as `add_argument` takes them.
    one_of and at_most_one_of name arguments that exclude each other. more: what else Python knows of an argument.
    """

    more: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        self.help = _words_of(type(self).__module__)["help"]
        return super().create_parser(prog_name, subcommand, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        words = _words_of(type(self).__module__)
        apart = words.get("one_of", words.get("at_most_one_of", ()))
        group = parser.add_mutually_exclusive_group(required="one_of" in words) if apart else parser
        for name, of in words.get("arguments", {}).items():
            kind = {"type": _TYPES[of["type"]]} if "type" in of else {}
            (group if name in apart else parser).add_argument(name, **{**of, **kind, **self.more.get(name, {})})

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


@cache
def _words_of(module: str) -> dict[str, Any]:
    package, _, name = module.rpartition(".")
    words: dict[str, Any] = read_words(package, "commands")[name]
    return words


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
