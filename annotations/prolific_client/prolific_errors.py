"""What can go wrong between us and Prolific. No message holds the token, an id of a person, or an address."""

import re
from typing import ClassVar

_OBJECT_ID = re.compile(r"\b[0-9a-fA-F]{24}\b|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")


class ProlificError(Exception):
    """Base. `is_temporary`: it may work later; `is_undone`: Prolific surely did nothing.

    retry_after: seconds that Prolific asked us to wait, None where it named none.
    """

    is_temporary: ClassVar[bool] = False
    is_undone: ClassVar[bool] = True

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Unreachable(ProlificError):
    """No connection: nothing was sent."""

    is_temporary = True


class NoAnswer(ProlificError):
    """It was sent, and no answer came in time: whether it was done is not known."""

    is_temporary = True
    is_undone = False


class Busy(ProlificError):
    """429."""

    is_temporary = True


class ServerFault(ProlificError):
    """5xx: whether it was done is not known."""

    is_temporary = True
    is_undone = False


class TokenRefused(ProlificError):
    """401: the token is none, or no more."""


class NotFound(ProlificError):
    """404."""


class Refused(ProlificError):
    """Any other 4xx: Prolific says why."""


class UnexpectedAnswer(ProlificError):
    """An answer that does not look like what Prolific documents."""

    is_undone = False


def without_ids(text: str, *ids: str) -> str:
    """Return a text without the given ids and without anything that looks like one of Prolific's."""
    for outside_id in sorted(filter(None, ids), key=len, reverse=True):
        text = text.replace(outside_id, "…")
    return _OBJECT_ID.sub("…", text)
