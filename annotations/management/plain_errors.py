"""What a command says when it refuses: one sentence instead of a traceback."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.core.management import CommandError

from annotations.services.common.service_errors import ServiceError
from modeling.arrays.common.modeling_errors import ModelingError


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the refusals of modeling and of services into CommandError; any other exception is a bug and passes."""
    try:
        yield
    except (ModelingError, ServiceError) as error:
        message = str(error)
        raise CommandError(message if message.endswith((".", "!", "?")) else f"{message}.") from error


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
