"""Figures as SVG: well-formed, without style attributes, each mark with its words."""

from xml.etree import ElementTree

import pytest

from annotations.analysis.figures.chart_values import CurveChart, CurvePanel, Line, LineChart, Mark, Panel, Series
from annotations.analysis.figures.study_figures import MAX_DOTS, _few
from annotations.analysis.tables.saturation_columns import SaturationPoint
from annotations.charts.curve_chart import draw_curves
from annotations.charts.line_chart import draw_lines, written

SVG = "{http://www.w3.org/2000/svg}"
SERIES = (Series("people", "participants", "circle", 0), Series("base", "base model", "square", 3))


def chart(*lines: Line, unit: str = "share") -> LineChart:
    return LineChart("accuracy", unit, SERIES, (Panel("1. <square>", lines),), has_log=True)  # type: ignore[arg-type]


def labels(svg: str) -> list[str]:
    return [g.attrib["aria-label"] for g in ElementTree.fromstring(svg).iter(f"{SVG}g")]


def test_a_mark_says_its_value_and_its_interval() -> None:
    line = Line("Participants", (Mark("people", 0.634, "mean of 26", 0.6, 0.67),), ((0.5, "p01"),))
    assert labels(draw_lines(chart(line), "WGA")) == [
        "Participants, p01: 50.0%",
        "Participants, mean of 26: 63.4%, from 60.0% to 67.0%",
    ]


def test_a_drawing_needs_no_style_attribute() -> None:
    svg = draw_lines(chart(Line("x", (Mark("base", 0.2, "base"),))), "WGA")
    assert not [each for each in ElementTree.fromstring(svg).iter() if "style" in each.attrib]


def test_words_are_escaped_wherever_they_stand() -> None:
    svg = draw_lines(chart(Line('"><script>', (), ((0.5, "<b>"),))), '"<x>')
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-label"] == '"<x>'
    assert not list(root.iter(f"{SVG}script"))


def test_only_series_that_are_there_are_explained() -> None:
    svg = draw_lines(chart(Line("x", (Mark("base", 0.2, "base"),))), "WGA")
    assert "base model" in svg
    assert "participants" not in svg


def test_marks_with_intervals_do_not_lie_on_each_other() -> None:
    line = Line("x", (Mark("people", 0.5, "a", 0.4, 0.6), Mark("base", 0.5, "b", 0.4, 0.6)))
    assert line.offset(0) < 0 < line.offset(1)


def test_minutes_can_be_drawn_on_a_logarithmic_axis() -> None:
    line = Line("Active", (Mark("people", 3.0, "mean", 1.0, 8.0),), ((0.0, "a"), (2.0, "b"), (16.0, "c")))
    even, log = (draw_lines(chart(line, unit="minutes"), "time", is_log=is_log) for is_log in (False, True))
    assert even != log
    assert labels(even) == labels(log)


@pytest.mark.parametrize("is_log", [False, True])
def test_a_curve_says_what_so_many_people_reach(is_log: bool) -> None:
    points = (SaturationPoint(1, "concepts", 1, 2.0, 1.0, 3.0), SaturationPoint(1, "concepts", 2, 3.5, 3.0, 4.0))
    svg = draw_curves(CurveChart("concepts", "number", (CurvePanel("1. square", points),)), "c", is_log=is_log)
    assert labels(svg) == ["1 person: 2.0, from 1.0 to 3.0", "2 people: 3.5, from 3.0 to 4.0"]


def test_one_person_is_a_curve_too() -> None:
    points = (SaturationPoint(1, "best_score", 1, 0.0, 0.0, 0.0),)
    assert labels(draw_curves(CurveChart("score", "score", (CurvePanel("1", points),)), "c", is_log=True))


def test_many_people_are_drawn_as_quantiles() -> None:
    drawn = list(_few([(float(i), f"p{i}") for i in range(1_000)]))
    assert len(drawn) == MAX_DOTS
    assert drawn[100] == (502.0, "50.2% of 1,000 people are at or below")


@pytest.mark.parametrize(
    ("value", "unit", "words"), [(1.0, "score", "1.00"), (0.0, "score", ".00"), (0.05, "share", "5.0%")]
)
def test_values_are_written_as_readers_want_them(value: float, unit: str, words: str) -> None:
    assert written(value, unit) == words
