"""Ids from outside, such as Prolific's."""

from typing import NamedTuple


class OutsideIds(NamedTuple):
    """The three ids that a person arrives with. On Prolific the session is the submission."""

    participant: str
    study: str
    session: str
