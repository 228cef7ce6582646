"""Text from outside: what no text may have, its composed form, and the JSON that it comes in."""

import json
import re
import unicodedata
from typing import Any

from clarify_errors.arrays.common.modeling_errors import ModelingError

TYPED_PER_STORED = 4  # characters before a text is composed: a Korean syllable may come as three letters
MAX_MARKS = 30  # combining marks in a row: the stream-safe text format of Unicode (UAX 15, section 13)

_NEVER = re.compile("[\0\ud800-\udfff]")  # PostgreSQL stores no NUL, and a lone surrogate has no UTF-8
_STARTER_OR_MARK = bytes(combining_class > 0 for combining_class in range(256))
_TOO_MANY_MARKS = bytes([1]) * (MAX_MARKS + 1)


class UnsafeText(ModelingError):
    """A text has a NUL, a lone surrogate, or more than 30 combining marks in a row.

    Attributes
    ----------
    text : str
    """

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"the text {text[:40]!a} has a NUL, a lone surrogate or more than {MAX_MARKS} combining marks in a row"
        )


class TooLong(ModelingError):
    """A text has more characters than are stored of it.

    Attributes
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"the text has more than {most} characters")


class BadJson(ModelingError):
    """A text is not JSON, or is nested too deep."""


def is_safe(text: str) -> bool:
    """Return whether a text may be normalised and stored.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        False if it has a NUL, a lone surrogate, or more than 30 combining marks in a row.

    Notes
    -----
    Putting n marks in order takes n² steps in Python 3.11. Marks are counted in the compatibility decomposition (NFKD),
    of one character at a time: U+0344 is two of them, and a half-width sound mark (U+FF9E) is one.

    Examples
    --------
    >>> is_safe("no" + chr(0x308)), is_safe("a" + chr(0)), is_safe("a" + 31 * chr(0x301))
    (True, False, False)
    """
    if text.isascii():
        return "\0" not in text
    if _NEVER.search(text):
        return False
    decomposed = "".join([unicodedata.normalize("NFKD", character) for character in text])
    return _TOO_MANY_MARKS not in bytes(map(unicodedata.combining, decomposed)).translate(_STARTER_OR_MARK)


def compose(text: str) -> str:
    """Return a text in Unicode's composed form (NFC).

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Raises
    ------
    UnsafeText
        If it is not safe.
    """
    if not is_safe(text):
        raise UnsafeText(text)
    return unicodedata.normalize("NFC", text)


def compose_within(text: str, most: int) -> str:
    """Return a text of limited length in Unicode's composed form (NFC).

    Parameters
    ----------
    text : str
        As typed.
    most : int
        Characters that may be stored.

    Returns
    -------
    str

    Raises
    ------
    TooLong
        If it has more than `most` characters once it is composed, or more than four times as many before.
    UnsafeText
        If it is not safe.

    Examples
    --------
    >>> compose_within(4 * "e\u0301", 4) == 4 * "\u00e9"
    True
    """
    if len(text) > TYPED_PER_STORED * most:
        raise TooLong(most)
    composed = compose(text)
    if len(composed) > most:
        raise TooLong(most)
    return composed


def read_json(text: str | bytes) -> Any:
    """Read JSON whose texts are all safe, also after their escapes are read.

    Parameters
    ----------
    text : str or bytes

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    BadJson
        If it is not JSON, or is nested too deep.
    UnsafeText
        If a text or a key in it is not safe.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadJson(f"this is not JSON: {error}") from error
    unread = [content]
    while unread:
        value = unread.pop()
        if isinstance(value, str) and not is_safe(value):
            raise UnsafeText(value)
        if isinstance(value, dict):
            unread += value
        if isinstance(value, list | dict):
            unread += value.values() if isinstance(value, dict) else value
    return content
