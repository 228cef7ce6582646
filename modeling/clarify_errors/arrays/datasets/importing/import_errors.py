"""Reasons why an import stops. An image that is merely left out is not an error: the report lists it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clarify_errors.arrays.common.modeling_errors import BadArray, ModelingError


class ImportRefused(ModelingError):
    """Base of the reasons why an import stops."""


class BadSource(ImportRefused):
    """The folder or its listing does not have the requested format.

    The message names the file and, if possible, the line.
    """

    def __init__(self, where: Path, what: str, line: int | None = None) -> None:
        place = f"{where}, line {line}" if line is not None else str(where)
        super().__init__(f"{place}: {what}")


class OutsideRoot(BadSource):
    """A path leads out of the data set's folder: absolute, with "..", or by a link."""


class ImageInTwoSplits(ImportRefused):
    """The same image is in two splits, so results on one would leak into the other."""


class ImportRunning(ImportRefused):
    """Another process is importing a data set of this name."""


class StorageFailed(ImportRefused):
    """The data set cannot be written: no space, no permission, or a read-only disk."""


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Turn what a library says of a damaged or missing file into BadSource.

    Parameters
    ----------
    file : pathlib.Path

    Raises
    ------
    BadSource
        If the code inside raises OSError, ValueError or EOFError; in one line.
    """
    try:
        yield
    except BadArray as error:
        raise BadSource(file, str(error)) from error
    except ModelingError:
        raise
    except UnicodeDecodeError as error:
        raise BadSource(file, f"it is not UTF-8: {error.reason}") from error
    except (OSError, ValueError, EOFError) as error:
        said, _, _ = str(getattr(error, "strerror", None) or error).partition("\n")
        raise BadSource(file, f"it cannot be read: {said}") from error
