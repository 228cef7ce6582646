"""Specifications of figures: each value with its keys and words, no symbol that means two things."""

import doctest
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pytest
import vl_convert

from annotations.analysis.concepts.concept_columns import MAP, Place
from annotations.analysis.concepts.concept_figures import MapPanel, PhraseMap
from annotations.analysis.figures.chart_values import (
    Chart,
    CurveChart,
    CurvePanel,
    Figure,
    Line,
    LineChart,
    Mark,
    Panel,
    Reference,
    Series,
)
from annotations.analysis.figures.study_figures import MAX_DOTS, _few, _people_line
from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimates import estimate
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.measure_columns import SaturationPoint, Total
from worker.results.figures import layout
from worker.results.figures.layout import LAYOUTS, NARROW, WIDE, Layout
from worker.results.figures.specifications import captioned, specification

SERIES = (Series("people", "participants", "circle", 0), Series("methods", "other methods", "square", 3))
PEOPLE = Line("Participants", (Mark("people", 0.634, "mean of 3", 0.6, 0.67),), ((0.5, "p1"), (0.5, "p2")), "score")
METHOD = Line("ERM", (Mark("methods", 0.2, "mean over seeds", 0.1, 0.3, "sd"),), key="erm", group="Labels")


def figure(chart: Chart) -> Figure:
    return Figure("key", "A title", "Figure 3", "What it shows. " * 20, FilledTable(MAP, ()), chart, "nothing")


def lines(*of_panel: Line, unit: Any = "share", references: tuple[Reference, ...] = ()) -> Figure:
    return figure(LineChart("accuracy", unit, SERIES, (Panel("1. square", of_panel, 1, references),)))


def of_map(*places: Place) -> Figure:
    return figure(PhraseMap((MapPanel("1. <square>", places, tuple(f"name {i}" for i in range(4))),)))


def rows(of: Figure, name: str, layout: Layout = WIDE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = specification(of, layout)["datasets"][name]
    return found


def test_the_examples_are_true() -> None:
    assert doctest.testmod(layout).failed == 0


LINES = lines(PEOPLE, METHOD, unit="minutes", references=(Reference("base", "base model", 0.9),))
POINTS = tuple(SaturationPoint(1, "concepts", n, n, n, n) for n in (1, 2))
CURVES = figure(CurveChart("concepts", "number", (CurvePanel("1. square", POINTS, 1),)))
PLACES = of_map(Place(1, 1, "red", 0, 0, 3, 1, 0.5))
every_kind = pytest.mark.parametrize("shown", [LINES, CURVES, PLACES], ids=["lines", "curves", "map"])


@every_kind
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_kind_of_chart_is_vega_lite(layout: Layout, shown: Figure) -> None:
    alt.Chart.from_dict(specification(shown, layout))  # checks it against the schema


@every_kind
def test_every_kind_of_file_is_vega_lite(shown: Figure) -> None:
    alt.Chart.from_dict(captioned(shown))


def test_every_value_has_its_keys_and_says_what_it_is() -> None:
    shown = lines(PEOPLE, METHOD)
    assert [(row["panel"], row["line"], row["who"], row["value"]) for row in rows(shown, "dots")] == [
        (1, "score", "p1", 0.5),
        (1, "score", "p2", 0.5),
    ]
    assert [row["description"] for row in rows(shown, "marks")] == [
        "Participants, mean of 3: 63.4%, 95% interval from 60.0% to 67.0%",
        "ERM, mean over seeds: 20.0%, one standard deviation to either side from 10.0% to 30.0%",
    ]


def test_people_with_one_value_are_as_many_dots_beside_each_other() -> None:
    same = Line("Participants", (), tuple((0.5, f"p{i}") for i in range(17)))
    assert len({row["y"] for row in rows(lines(same), "dots", NARROW)}) == 17


def test_an_interval_a_standard_deviation_and_a_level_are_drawn_by_different_symbols() -> None:
    looks = {}
    for layer in specification(lines(PEOPLE, METHOD), WIDE)["layer"]:
        told = str(layer.get("transform", ""))
        for spread in ("interval", "sd", "level"):
            if spread in told and layer["mark"]["type"] == "rule":
                looks[spread] = (layer["mark"].get("strokeWidth"), str(layer["mark"].get("strokeDash")))
    assert len(looks) == 3 and len(set(looks.values())) == 3


def test_values_that_all_rows_are_held_against_are_lines_through_the_panel() -> None:
    shown = lines(
        PEOPLE, METHOD, references=(Reference("control", "control", 0.33), Reference("base", "base model", 0.9))
    )
    told = rows(shown, "references")
    assert [row["text"] for row in told] == ["control: 33.0%", "base model: 90.0%"]
    assert all(row["end"] == max(each["y"] for each in rows(shown, "rules")) for row in told)
    assert [row["is_right"] for row in told] == [False, True]


def test_a_group_is_named_once_above_its_rows() -> None:
    labels = rows(lines(METHOD, METHOD, PEOPLE), "labels")
    assert [row["text"] for row in labels] == [["Labels"], ["ERM"], ["ERM"], ["Participants"]]
    assert [row["y"] for row in labels] == sorted(row["y"] for row in labels)


def test_only_series_that_are_there_are_explained() -> None:
    drawn = str(specification(lines(METHOD), WIDE)["layer"])
    assert "other methods" in drawn and "participants" not in drawn


@pytest.mark.parametrize("layout", LAYOUTS)
def test_labels_are_wrapped_to_the_width_that_they_have(layout: Layout) -> None:
    long = Line("A method with a name that goes on and on and on without any end", METHOD.marks)
    (label,) = rows(lines(long), "labels", layout)
    assert max(map(len, label["text"])) <= layout.label_characters and 1 < len(label["text"]) <= 3


@pytest.mark.parametrize(("unit", "dots", "low", "high"), [
    ("score", (0.2,), 0.0, 1.0), ("share", (-0.13, 0.4), -0.2, 1.0), ("minutes", (7.3,), 0.0, 8.0),
    ("points", (-4.0, 31.0), -10.0, 40.0),
])  # fmt: skip
def test_an_axis_has_all_values_on_it(unit: str, dots: tuple[float, ...], low: float, high: float) -> None:
    chart = specification(lines(Line("x", (), tuple((value, "p") for value in dots)), unit=unit), WIDE)
    scales = [layer["encoding"]["x"]["scale"] for layer in chart["layer"] if "scale" in layer["encoding"]["x"]]
    assert scales and all(scale["domain"] == [low, high] for scale in scales)


def test_an_axis_of_people_has_whole_numbers() -> None:
    points = tuple(SaturationPoint(1, "concepts", n, 1 + n / 9, 1.0, 2 + n / 9) for n in range(1, 27))
    curves = figure(CurveChart("concepts", "number", (CurvePanel("1. square", points, 1),)))
    drawn = specification(curves, NARROW)
    axes = [layer["encoding"][channel]["axis"] for layer in drawn["vconcat"][0]["layer"] for channel in "xy"]
    assert all(axis["format"] == "d" and all(value == int(value) for value in axis["values"]) for axis in axes)
    assert drawn["datasets"]["panel_0"][1]["description"] == "2 people: 1.2, 95% of orders from 1.0 to 2.2"


def test_every_phrase_of_the_map_says_who_said_it_and_how_it_scores() -> None:
    shown = of_map(Place(1, 1, "<red>", 0, 0, 3, 1, 0.5), Place(1, 7, "moss", 1, 1, 1, 0, 0.5))
    assert [row["description"] for row in rows(shown, "panel_0")] == [
        "“<red>”, concept 1: 3 people, 1 expert, error score .50",
        "“moss”, concept 7: 1 person, error score .50",
    ]


def test_names_on_the_map_do_not_lie_on_each_other_nor_on_marks() -> None:
    shown = of_map(*(Place(1, i, f"phrase {i}", i * 37 % 60, i * 17 % 60, 1, 0, 0.5) for i in range(1, 60)))
    told = rows(shown, "panel_0", NARROW)
    assert all(0 <= row["px"] <= NARROW.width for row in told)
    assert 0 < sum(row["is_named"] for row in told) < len(told)


def test_a_file_for_a_paper_says_title_and_caption_and_draws_neither() -> None:
    shown = lines(PEOPLE)
    assert captioned(shown)["description"] == f"A title. {shown.caption}"
    assert "title" not in captioned(shown) and "description" not in specification(shown, WIDE)
    svg = vl_convert.vegalite_to_svg(captioned(shown))
    drawn = [each for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("text")]  # our own
    assert drawn and not any("A title" in (each.text or "") for each in drawn)


def gains(*values: float) -> Line:
    """The line of everybody's own gain, whose mean has an interval of one point to either side."""
    facts = TaskFacts(1, "square", "sprites", "base", False, 0.25, 0.5, 0.6, (), ())
    people = [
        PersonTask(
            f"p{i}", 1, None, 1, 1, 0.5, "red", None, None, 0.5 + value, None, None,
            control_worst_group=0.5, basis=Basis.RUN,
        )
        for i, value in enumerate(values)
    ]  # fmt: skip
    mean = float(np.mean(values))
    of = replace(estimate(values), low=mean - 0.01, high=mean + 0.01)
    total = Total(1, "own_gain", Over.ALLOCATED, of, {}, None)
    filled = SimpleNamespace(people=SimpleNamespace(rows=people), totals=SimpleNamespace(rows=[total]), tasks=[facts])
    return _people_line(cast(StudyTables, filled), 1, "Everybody", ("own_gain", Over.ALLOCATED))


def test_a_line_says_so_where_nobody_is_near_the_mean_whose_interval_it_draws() -> None:
    assert gains(0.0, 0.0, 0.2, 0.2).label == "Everybody, nobody near the mean"
    assert gains(0.0, 0.1, 0.2).label == "Everybody"


def test_many_people_are_drawn_as_quantiles() -> None:
    drawn = list(_few([(float(i), f"p{i}") for i in range(1_000)]))
    assert len(drawn) == MAX_DOTS
    assert drawn[100] == (502.0, "50.2% of 1,000 people are at or below")
