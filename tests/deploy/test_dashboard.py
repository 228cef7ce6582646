"""Grafana's own types take the whole dashboard: Grafana drops a field that it does not know without a word."""

import json
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

DASHBOARD = json.loads(
    (Path(__file__).resolve().parents[2] / "deploy" / "monitoring" / "dashboard.json").read_text("utf-8")
)


def _read_by_grafanas_types(dashboard: dict[str, Any]) -> Any:
    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))


def _lost(written: Any, read: Any, place: str = "") -> list[str]:
    """Places of a document that another lacks, or has otherwise; what is only in the other does not count."""
    if isinstance(written, dict) and isinstance(read, dict):
        return [each for key in written for each in _lost(written[key], read.get(key), f"{place}/{key}")]
    if isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        return [each for i, pair in enumerate(zip(written, read, strict=True)) for each in _lost(*pair, f"{place}/{i}")]
    return [] if written == read else [place]


def test_grafanas_types_take_each_field_as_it_is_written() -> None:
    assert _lost(DASHBOARD, _read_by_grafanas_types(DASHBOARD)) == []


def test_a_field_that_grafana_does_not_know_is_found() -> None:
    panel, *others = DASHBOARD["panels"]
    (target,) = panel["targets"]
    misspelt = panel | {"gridpos": panel["gridPos"], "targets": [target | {"expression": "up"}]}
    document = DASHBOARD | {"panels": [misspelt, *others]}
    assert sorted(_lost(document, _read_by_grafanas_types(document))) == [
        "/panels/0/gridpos",
        "/panels/0/targets/0/expression",
    ]


def test_each_unit_is_one_of_grafanas() -> None:
    known = [value for value in vars(units).values() if isinstance(value, str)]
    assert [p["title"] for p in DASHBOARD["panels"] if p["fieldConfig"]["defaults"]["unit"] not in known] == []
