"""The format of Prolific's ids, and of whatever else people arrive with in their place."""

import re
from typing import NamedTuple


class OutsideIds(NamedTuple):
    """The three ids that a person arrives with. On Prolific the session is the submission."""

    participant: str
    study: str
    session: str


_OUTSIDE_ID = re.compile(r"[A-Za-z0-9_.~-]{1,64}")


def is_outside_id(text: str) -> bool:
    """Return whether a text can be an id: 1 to 64 of the characters that an address holds unescaped."""
    return _OUTSIDE_ID.fullmatch(text) is not None
