"""Why work failed, in a sentence for whoever asked for it."""

from annotations.base.service_errors import ServiceError
from clarify_errors.arrays.common.modeling_errors import ModelingError

_MAX_TEXT_LENGTH = 400  # characters of an error that nobody foresaw; its whole text is in the log


def is_foreseen(error: Exception) -> bool:
    """Whether the library or a service raised it on purpose, with a sentence for people."""
    return isinstance(error, ModelingError | ServiceError)


def reason_of(error: Exception) -> str:
    """The error's own sentence where it was foreseen, otherwise one with its type and how its text begins.

    >>> reason_of(MemoryError("no memory"))
    'Something went wrong that nobody foresaw (MemoryError: no memory).'
    """
    text = _storable(str(error))
    if is_foreseen(error):
        return text
    return f"An unexpected error occurred ({type(error).__name__}: {text[:_MAX_TEXT_LENGTH]})."


def _storable(text: str) -> str:
    """The text with what PostgreSQL refuses written out: NUL, and what a file name that is no UTF-8 is read as."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
