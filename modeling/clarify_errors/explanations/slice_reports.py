"""What `clarify check` writes of slices: for programs, for a CI server, and for a pull request."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from clarify_errors.explanations.slices import SliceChange

_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_markdown(changes: "Iterable[SliceChange]") -> str:
    """Return a table for a pull request.

    Parameters
    ----------
    changes : iterable of SliceChange

    Returns
    -------
    str
    """
    lines = ["| slice | images | before | after | change, points | |", "|---|---:|---:|---:|---|---|"]
    for each in changes:
        name = " ".join(f"{each.target}, “{each.phrase}”".replace("|", "\\|").split())
        if not each.n:
            lines.append(f"| {name} | 0 | | | | {each.verdict} |")
            continue
        change = f"{100 * (each.after - each.before):+.1f} ({100 * each.low:+.1f} to {100 * each.high:+.1f})"
        verdict = f"**{each.verdict}**" if each.verdict == "worse" else each.verdict
        lines.append(f"| {name} | {each.n} | {each.before:.1%} | {each.after:.1%} | {change} | {verdict} |")
    return "\n".join(lines) + "\n"


def as_junit(changes: "Sequence[SliceChange]") -> str:
    """Return a report for a CI server, a test case a slice.

    Parameters
    ----------
    changes : sequence of SliceChange

    Returns
    -------
    str
        XML.
    """
    failures, skipped = (sum(each.verdict == verdict for each in changes) for verdict in ("worse", "no images"))
    counts = {"tests": str(len(changes)), "failures": str(failures), "skipped": str(skipped)}
    suite = ElementTree.Element("testsuite", {"name": "slices", **counts})
    for each in changes:
        case = ElementTree.SubElement(suite, "testcase", classname=each.target, name=each.phrase)
        if each.verdict == "worse":
            ElementTree.SubElement(case, "failure", message=str(each))
        elif not each.n:
            ElementTree.SubElement(case, "skipped", message=str(each))
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", ElementTree.tostring(suite, encoding="unicode")) + "\n"


def as_rows(changes: "Iterable[SliceChange]") -> list[dict[str, Any]]:
    """Return values for JSON; a share of no image is None.

    Parameters
    ----------
    changes : iterable of SliceChange

    Returns
    -------
    list of dict
    """
    rows = [{**vars(each), "verdict": each.verdict} for each in changes]
    return [{name: None if value != value else value for name, value in row.items()} for row in rows]  # nan
