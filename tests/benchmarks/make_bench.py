"""Runs the benchmarks and keeps their ratios with date and machine: `make bench` writes docs/engineers/benchmarks.md.

Of a part of them, `make bench ARGS=tests/benchmarks/test_unit_costs.py`, it prints what would be written.

A benchmark that sets `extra_info["baseline"]` is what the others of its group are compared with, in the same run. Where
benchmarks say how many `heads`, `images` or `phrases` they handle at once, times are compared for one. A `note` and the
lines of a `table` are put below.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from clarify_site.home import ROOT
from worker.common.library_versions import processor

PAGE = ROOT / "docs" / "engineers" / "benchmarks.md"
CURVES = ROOT / "docs" / "images" / "bench-growth.svg"
PACKAGES = ("numpy", "torch", "faiss-cpu", "scikit-learn", "scipy")
GROWTH = (
    "## Training a head as the problem grows\n\n"
    "Times as long as ours with the warm start stored, for one head: the least of three runs in which all took turns,\n"
    "in processor time of one thread. Where a line rises, ours gains with size; where it falls, it loses.\n\n"
    f"![Times as long as ours by heads at once, images, features and classes](../images/{CURVES.name})"
)
COUNTS = ("heads", "images", "phrases")  # in extra_info: what one call handles at once


def main(part: Sequence[str] = ()) -> int:
    """Run the benchmarks; write the page, or print a part of it, only if all passed. Returns pytest's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        files = part or ["tests/benchmarks"]
        command = [sys.executable, "-m", "pytest", *files, "--benchmark-only", "-p", "no:randomly"]
        status = subprocess.run([*command, f"--benchmark-json={results}"], cwd=ROOT, check=False).returncode
        if status:
            return status
        if not results.exists():
            print("Nothing was measured; pytest says above why.", file=sys.stderr)
            return 1
        measured = json.loads(results.read_text("utf-8"))
    text = page(measured)
    if part:
        print(text)
    else:
        PAGE.write_text(text, "utf-8")
        CURVES.write_text(curves(measured), "utf-8")
        print(f"Wrote {PAGE.relative_to(ROOT)} and {CURVES.relative_to(ROOT)}.")
    return 0


def page(results: Mapping[str, Any]) -> str:
    """The page in Markdown, from pytest-benchmark's JSON."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for bench in results["benchmarks"]:
        groups.setdefault(str(bench["group"]), []).append(bench)
    tables = ("\n".join(_table(group, members)) for group, members in groups.items())
    growth = [GROWTH] if any("ratios" in bench["extra_info"] for bench in results["benchmarks"]) else []
    return "\n\n".join((_head(), *tables, *growth)) + "\n"


def curves(results: Mapping[str, Any]) -> str:
    """The ratios of benchmarks that name a `size`, by it, in one panel a group, as SVG."""
    values = [
        {"group": bench["group"], "size": bench["extra_info"]["size"], "method": method, "ratio": ratio}
        for bench in results["benchmarks"]
        for method, ratio in bench["extra_info"].get("ratios", {}).items()
    ]
    log, axis = alt.Scale(type="log"), alt.Axis(title=None, format="~s", tickCount=5)
    line = alt.Chart(alt.Data(values=values)).mark_line(point=True).properties(width=300, height=200)
    line = line.encode(
        x=alt.X("size:Q", scale=log, axis=axis),
        y=alt.Y("ratio:Q", scale=log, axis=alt.Axis(title="times as long", tickCount=5)),
        color=alt.Color("method:N", legend=alt.Legend(title=None, orient="bottom")),
    )
    groups = list(dict.fromkeys(value["group"] for value in values))
    panels = line.facet(alt.Facet("group:N", title=None, sort=groups), columns=2).resolve_scale(x="independent")
    svg: str = vl_convert.vegalite_to_svg({**panels.to_dict(), "background": "white"})
    return svg


def machine() -> str:
    """The processor, how many cores there are, and the system."""
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def versions(packages: Iterable[str]) -> str:
    """Python's version and those of the packages."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])


def _head() -> str:
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. The ratio is how many times faster a row is than the baseline of its table,\n"
        "measured in the same run on the same machine; times alone say little about another machine.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, {versions(PACKAGES)}"
    )


def _table(group: str, members: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    baseline = next((bench for bench in members if bench["extra_info"].get("baseline")), None)
    is_for_many = any(_at_once(bench) > 1 for bench in members)
    heading = ["", "median", *["for one"] * is_for_many, *["ratio"] * (baseline is not None)]
    yield f"## {group}\n"
    yield f"| {' | '.join(heading)} |"
    yield "|---" * len(heading) + "|"
    for bench in sorted(members, key=_seconds_for_one, reverse=True):
        cells = [_name(bench), _time(bench["stats"]["median"])]
        cells += [_time(_seconds_for_one(bench))] * is_for_many
        if baseline is not None:
            ratio = _seconds_for_one(baseline) / _seconds_for_one(bench)
            cells.append("baseline" if bench is baseline else f"{ratio:.1f} x")
        yield f"| {' | '.join(cells)} |"
    for note in (bench["extra_info"]["note"] for bench in members if "note" in bench["extra_info"]):
        yield f"\n{note}."
    for bench in members:
        yield from bench["extra_info"].get("table", ())


def _name(bench: Mapping[str, Any]) -> str:
    name, _, parameters = str(bench["name"]).removeprefix("test_").rstrip("]").partition("[")
    return ", ".join([name, *filter(None, parameters.split("-"))]).replace("_", " ")


def _seconds_for_one(bench: Mapping[str, Any]) -> float:
    return float(bench["stats"]["median"]) / _at_once(bench)


def _at_once(bench: Mapping[str, Any]) -> int:
    return next((int(bench["extra_info"][count]) for count in COUNTS if count in bench["extra_info"]), 1)


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
