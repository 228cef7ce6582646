"""The tables that the event log tells of, each with what the log says of a row, as log_registry.toml has it.

One definition serves all: `events` makes an event's part of it, `replay` builds rows from events by it and
reads the tables by it. Each column of a table is there, or left out with the reason. A test names the tables that the
log does not tell of.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model, Q

from annotations import models
from annotations.base.word_files import read_words
from annotations.log.log_schema import LoggedTable, Paths


def _table(name: str, model: str, key: list[str], but: Mapping[str, str] | None = None, **words: Any) -> LoggedTable:
    if session := words.pop("session", ""):
        words |= {"of_study": f"{session}__study", "visit": f"{session}_id", "of_person": f"{session}__participant"}
    return LoggedTable(
        name,
        getattr(models, model),
        key=tuple(key),
        plain=_paths(words.pop("plain", ""), words.pop("plain_as", {})),
        personal=_paths(words.pop("personal", ""), words.pop("personal_as", {})),
        only=~Q(**but) if but else Q(),
        **words,
    )


def _paths(names: str, others: Paths) -> Paths:
    """Return the paths of columns that the log names as the table does, and of others."""
    return {**{name: name for name in names.split()}, **others}


_WORDS = read_words(__package__, "log_registry")
# In the order of the file, in which a row comes after what it points to.
BY_NAME: Mapping[str, LoggedTable] = {name: _table(name, **words) for name, words in _WORDS.items()}
TABLES = tuple(BY_NAME.values())
# What somebody did in a visit: it goes with the visit when that is erased, a row before what it points to.
DONE_IN_A_VISIT = tuple(table for table in reversed(TABLES) if table.visit and not table.outlives_erasure)
OF_MODEL: Mapping[type[Model], LoggedTable] = {table.model: table for table in TABLES}
