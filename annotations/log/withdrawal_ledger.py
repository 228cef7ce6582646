"""Withdrawals and erasures beside the back-ups, so that an older back-up brings nobody back (decision 0089).

Each is an empty file, named by when it was, what was done, and the visit's random id. Its name is all that is needed,
so it is there whole or not at all.
"""

import datetime as dt
import logging
import os
import re
from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.utils import timezone

_STAMP = "%Y%m%dT%H%M%SZ"
_ENTRY = re.compile(r"\d{8}T\d{6}Z-([a-z_]+)-([0-9a-f-]{36})")
_SINCE = "kept-since"
_MARGIN = dt.timedelta(days=1)  # far longer than from a withdrawal's time to its commit, which a back-up may just miss

logger = logging.getLogger(__name__)


class Act(StrEnum):
    """What was done: to a visit, to the person of a visit, or to the study whose first visit it is."""

    WITHDRAWN = "withdrawn"
    FORGOTTEN = "forgotten"
    IDS_DESTROYED = "ids_destroyed"


def keep(act: Act, visits: Iterable[UUID], at: dt.datetime | None = None) -> bool:
    """Write one act (at: now) on these visits, to the disk, and return whether that was possible.

    An error is logged and not raised: nobody is refused a withdrawal for a folder, and a sweep writes what is missing.
    """
    root = settings.WITHDRAWALS_ROOT
    stamp = (at or timezone.now()).astimezone(dt.UTC).strftime(_STAMP)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for visit in visits:
            _sync(os.open(root / f"{stamp}-{act}-{visit}", os.O_CREAT | os.O_RDONLY, 0o600))
        _sync(os.open(root, os.O_RDONLY))
    except OSError as error:
        logger.error("a withdrawal is not beside the back-ups yet: %s cannot be written: %s", root, error.strerror)
        return False
    return True


def kept(act: Act) -> set[UUID]:
    """Return the visits that have a file of this act. Raises OSError for a folder that is there and cannot be read."""
    entries = (_ENTRY.fullmatch(name) for name in _names())
    return {UUID(entry[2]) for entry in entries if entry and entry[1] == act}


def kept_since() -> dt.datetime | None:
    """Return the moment from which on nothing was removed; None: nothing ever was."""
    try:
        return dt.datetime.fromisoformat((settings.WITHDRAWALS_ROOT / _SINCE).read_text("ascii"))
    except FileNotFoundError:
        return None


def covers(made_at: dt.datetime) -> bool:
    """Whether every withdrawal since that moment is here. A folder that was just made does not know of any."""
    since = kept_since()
    return any(_names()) if since is None else since <= made_at


def prune(oldest: dt.datetime) -> None:
    """Remove what the oldest back-up, of that moment, holds itself. What was done to studies stays. Raises OSError."""
    root, since = settings.WITHDRAWALS_ROOT, max(oldest - _MARGIN, kept_since() or oldest - _MARGIN)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = root / f".{_SINCE}"
    part.write_text(since.isoformat(), "ascii")
    part.replace(root / _SINCE)  # first: nobody writes again what is removed from here on
    for name in _names():
        if name < since.astimezone(dt.UTC).strftime(_STAMP) and Act.IDS_DESTROYED not in name:
            (root / name).unlink()


def _names() -> list[str]:
    """The entries: what else lies there, such as a copy of one, has another form of name."""
    try:
        return [file.name for file in settings.WITHDRAWALS_ROOT.iterdir() if _ENTRY.fullmatch(file.name)]
    except FileNotFoundError:
        return []


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
