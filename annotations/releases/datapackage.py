"""A release as other programs read it: datapackage.json (Frictionless), croissant.json, CITATION.cff."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from annotations.base.tables.columns import Column, Table
from annotations.base.zip_archive import Member
from annotations.models import Licence, Release, Study
from clarify_errors.arrays.common.croissant import DescribedTable, croissant

DATAPACKAGE, CITATION = "datapackage.json", "CITATION.cff"
_TYPES = {"text": "string", "time": "datetime", "json": "any"}
_RANGES = (
    (re.compile(r"^(-?\d+) to (-?\d+)$"), ("minimum", "maximum")),
    (re.compile(r"^(\d+) or more$"), ("minimum",)),
)
_MEDIA = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "py": "text/x-python",
    "txt": "text/plain",
}
_DESCRIPTION = "What participants of a study with Clarify submitted, and what was computed from it."
_DOI = "https://doi.org/"


@dataclass(frozen=True)
class Deposit:
    """What whoever asks for a release says of it: how it may be used, who made it, and where it will be found."""

    licence: str = ""
    doi: str = ""
    authors: tuple[str, ...] = ()


def deposit_of(release: Release) -> Deposit:
    """Return what was said of a release."""
    return Deposit(release.licence, release.doi, tuple(filter(None, map(str.strip, release.authors.splitlines()))))


def datapackage(study: Study, deposit: Deposit, tables: Iterable[Table[Any]], members: Iterable[Member]) -> str:
    """Return the descriptor of every file, with the data dictionary as schemas."""
    known = {table.file: table for table in tables}
    document: dict[str, Any] = {
        "profile": "data-package",
        "name": f"clarify-{study.slug}".lower(),
        "title": study.title,
        "description": _DESCRIPTION,
    }
    if deposit.doi:
        document["id"] = _DOI + deposit.doi
    if deposit.licence:
        path = Licence(deposit.licence).url
        document["licenses"] = [{"name": deposit.licence, "path": path, "title": Licence(deposit.licence).label}]
    if deposit.authors:
        document["contributors"] = [{"title": author, "role": "author"} for author in deposit.authors]
    document["resources"] = [_resource(member, known.get(member.name)) for member in members]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def croissant_text(study: Study, deposit: Deposit, tables: Iterable[Table[Any]], members: Iterable[Member]) -> str:
    """Return the description of every table for loaders of data sets; the phrases are one of them."""
    digests = {member.name: member.sha256 for member in members}
    described = [
        DescribedTable(
            table.file, digests[table.file], table.meaning, [(of.name, of.type, of.meaning) for of in table.columns]
        )
        for table in tables
    ]
    about: dict[str, Any] = {"license": Licence(deposit.licence).url} if deposit.licence else {}
    if deposit.authors:
        about["creator"] = [{"@type": "sc:Person", "name": author} for author in deposit.authors]
    if deposit.doi:
        about |= {"identifier": _DOI + deposit.doi, "url": _DOI + deposit.doi}
    name = f"clarify-{study.slug}".lower()
    return json.dumps(croissant(name, f"{study.title}. {_DESCRIPTION}", described, about), indent=2) + "\n"


def _resource(member: Member, table: Table[Any] | None) -> Mapping[str, Any]:
    suffix = member.name.rpartition(".")[2]
    resource: dict[str, Any] = {
        "name": member.name.lower() if table is None else table.name,
        "path": member.name,
        "format": suffix,
        "mediatype": _MEDIA.get(suffix, "text/plain"),
        "bytes": member.bytes,
        "hash": f"sha256:{member.sha256}",
    }
    if table is None or suffix != "csv":
        return resource
    return {
        **resource,
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "description": f"{table.meaning} ({table.order})",
        "schema": {"fields": list(map(_field, table.columns)), "missingValues": [""]},
    }


def _field(column: Column[Any]) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES.get(column.type, column.type)}
    if column.type == "time":
        field["format"] = "any"
    field["description"] = f"{column.meaning}; computed: {column.computed}" if column.computed else column.meaning
    if column.unit:
        field["unit"] = column.unit
    if column.type in ("integer", "number") and (constraints := dict(_constraints(column.range))):
        field["constraints"] = constraints
    return field


def _constraints(written: str) -> Iterator[tuple[str, int]]:
    """Read a range of numbers, where it is one."""
    for pattern, names in _RANGES:
        if found := pattern.match(written):
            yield from zip(names, map(int, found.groups()), strict=True)


def citation(study: Study, deposit: Deposit) -> str:
    """Return how to cite a release that names its authors, as YAML."""
    cited: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them as below.",
        "type": "dataset",
        "title": study.title,
        "authors": list(map(_author, deposit.authors)),
        "license": deposit.licence,
        "doi": deposit.doi,
    }
    return yaml.safe_dump({name: said for name, said in cited.items() if said}, sort_keys=False, allow_unicode=True)


def _author(author: str) -> dict[str, str]:
    """A person as "family name, given names"; anything without a comma is the name of a group."""
    family, comma, given = (part.strip() for part in author.partition(","))
    if comma and family and given:
        return {"family-names": family, "given-names": given}
    return {"name": author}
