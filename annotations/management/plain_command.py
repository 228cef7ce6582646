"""The base of our commands, which refuse in one sentence instead of a traceback, and the files of their `--output`."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from annotations.services.common.service_errors import ServiceError
from modeling.arrays.common.modeling_errors import ModelingError


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


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Turn what keeps `--output` from being written into CommandError."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}. Choose another --output.") from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by name into the folder of `--output`, which is made. Raises CommandError."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
