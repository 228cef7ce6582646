"""Descriptions of tables in the format Croissant, as catalogues of data sets and their loaders read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CROISSANT = "croissant.json"
_TYPES = {"integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean"}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "recordSet": "cr:recordSet",
    "sc": "https://schema.org/",
    "source": "cr:source",
}


@dataclass(frozen=True)
class DescribedTable:
    """A CSV file beside the description.

    Attributes
    ----------
    file : str
        Its name, which ends in .csv.
    sha256 : str
    description : str
    columns : sequence of (name, type, description)
        Types other than integer, number and boolean are texts; so are those of columns with empty cells.
    """

    file: str
    sha256: str
    description: str
    columns: Iterable[tuple[str, str, str]]


def croissant(
    name: str, description: str, tables: Iterable[DescribedTable], about: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Describe tables as a data set.

    Parameters
    ----------
    name, description : str
    tables : iterable of DescribedTable
    about : mapping, optional
        Properties of schema.org such as `license`, `creator` and `identifier`; nothing is made up.

    Returns
    -------
    dict
        JSON-LD of Croissant 1.0.
    """
    tables = list(tables)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": description,
        **(about or {}),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": table.file,
                "name": table.file,
                "contentUrl": table.file,
                "encodingFormat": "text/csv",
                "sha256": table.sha256,
            }
            for table in tables
        ],
        "recordSet": [_records(table) for table in tables],
    }


def _records(table: DescribedTable) -> dict[str, Any]:
    name = table.file.removesuffix(".csv")
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{column}",
            "name": column,
            "description": meaning,
            "dataType": _TYPES.get(kind, "sc:Text"),
            "source": {"fileObject": {"@id": table.file}, "extract": {"column": column}},
        }
        for column, kind, meaning in table.columns
    ]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": table.description, "field": fields}
