"""Legends: every entry within the chart, in as many lines as that takes."""

import re

from annotations.analysis.figures.chart_values import Line, LineChart, Mark, Panel, Series
from annotations.charts.legend import Entry, lines_of
from annotations.charts.line_chart import WIDTH, draw_lines

NAMES = ("other images, which had no part in it", "images that chose", "random directions in place", "errors shuffled")


def test_entries_that_fit_stand_in_one_line() -> None:
    short = [Entry("circle", 0, "before"), Entry("diamond", 1, "after")]
    assert lines_of(short, WIDTH) == [short]
    assert lines_of([], WIDTH) == []


def test_no_line_is_wider_than_the_chart() -> None:
    entries = [Entry("circle", 0, name) for name in NAMES]
    lines = lines_of(entries, WIDTH)
    assert len(lines) > 1 and [entry for line in lines for entry in line] == entries
    assert all(sum(entry.width for entry in line) < WIDTH for line in lines)


def test_a_name_that_is_wider_than_the_chart_has_a_line_of_its_own() -> None:
    long = Entry("circle", 0, "word " * 60)
    assert lines_of([long, long], WIDTH) == [[long], [long]]


def test_a_second_line_of_the_legend_moves_what_is_below_it() -> None:
    def lowest(n: int) -> float:
        series = tuple(Series(name, name, "circle", 0) for name in NAMES[:n])
        marks = tuple(Mark(each.key, 0.5, each.name) for each in series)
        drawn = draw_lines(LineChart("x", "score", series, (Panel("a task", (Line("a line", marks),)),)), "a chart")
        match = re.search(r'viewBox="0 0 720 (\d+)"', drawn)
        assert match is not None
        return float(match[1])

    assert lowest(4) > lowest(1)
