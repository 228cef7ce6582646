"""The tables that the event log tells of, each with what the log says of a row, as log_registry.toml has it.

One definition serves all: `events` makes an event's part of it, `replay` builds rows from events by it and
reads the tables by it. Each column of a table is there, or left out with the reason. A test names the tables that the
log does not tell of.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, QuerySet

from annotations import models
from annotations.base.word_files import read_words
from annotations.models import Study

Paths = Mapping[str, str]  # a name in the log, and the way from the row to what it holds, as a query writes it


@dataclass(frozen=True, eq=False)
class LoggedTable:
    """How a row of a table stands in the log.

    key: ways to what tells the row from every other of its study. visit: the way to the id of the visit that it is of,
    "" for a row of the study itself. plain: what the log keeps in the clear; personal: what it seals under the person's
    key, since somebody typed it or it gives that away; digests: those of the personal ones that it keeps as SHA-256.
    told_once: of some columns, the states of the row in which they say something that stays. outlives_erasure: the row
    stays when its visit is erased. only: the rows that the log tells of. left_out: columns that are not in the log, by
    the reason. of_person: the way to the id of the person of whose visits the events carry the row, "" where the
    study's own events do.
    """

    name: str
    model: type[Model]
    of_study: str
    key: tuple[str, ...]
    plain: Paths
    visit: str = ""
    personal: Paths = field(default_factory=dict)
    digests: Collection[str] = ()
    told_once: Mapping[str, Collection[str]] = field(default_factory=dict)
    outlives_erasure: bool = False
    only: Q = field(default_factory=Q)
    left_out: Mapping[str, str] = field(default_factory=dict)
    of_person: str = ""

    @property
    def title(self) -> str:
        """The table's name in a sentence."""
        return self.name.replace("_", " ")

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Everything that is read of a row."""
        visit = (self.visit,) if self.visit else ()
        state = ("state",) if self.told_once else ()
        return tuple(dict.fromkeys((*self.key, *visit, *state, *self.plain.values(), *self.personal.values())))

    def rows(self, study: Study) -> QuerySet[Any, Any]:
        """Return the study's rows that the log tells of, in the order in which they came."""
        return self.model._default_manager.filter(self.only, **{self.of_study: study.pk}).order_by("pk")

    def rows_of(self, study: Study, people: Collection[int]) -> QuerySet[Any, Any]:
        """Return those of the rows that the events of these people's visits carry."""
        return self.rows(study).filter(**{f"{self.of_person}__in": people})


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
