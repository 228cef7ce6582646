"""The map of phrases as SVG: every phrase a mark within its frame, names that do not lie on each other."""

import re
from xml.etree import ElementTree

from annotations.analysis.concepts.concept_columns import Place
from annotations.analysis.concepts.concept_figures import MapPanel
from annotations.charts.line_chart import WIDTH
from annotations.charts.map_chart import HEIGHT, LEGEND, TITLE, draw_map

SVG = "{http://www.w3.org/2000/svg}"


def place(text: str, number: int, x: float, y: float, people: int = 1, experts: int = 0) -> Place:
    return Place(1, number, text, x, y, people, experts, 0.5)


def panel(*places: Place) -> MapPanel:
    return MapPanel("1. <square>", places, tuple(f"name {i}" for i in range(4)))


def test_every_phrase_says_who_said_it_and_how_it_scores() -> None:
    svg = draw_map((panel(place("<red>", 1, 0, 0, 3, 1), place("moss", 7, 1, 1)),), "Map")
    labels = [g.attrib["aria-label"] for g in ElementTree.fromstring(svg).iter(f"{SVG}g")]
    assert labels == [
        "“<red>”, concept 1: 3 people, 1 expert, error score .50",
        "“moss”, concept 7: 1 person, error score .50",
    ]
    assert not [each for each in ElementTree.fromstring(svg).iter() if "style" in each.attrib]


def test_marks_lie_within_the_frame_however_the_places_are_spread() -> None:
    for places in ([(0.0, 0.0)], [(0.0, 0.0), (9.0, 0.0)], [(0.0, -3.0), (0.0, 1e-9), (1.0, 500.0)]):
        svg = draw_map((panel(*(place("x", 1, *at) for at in places)),), "Map")
        found = [
            (float(circle.attrib["cx"]), float(circle.attrib["cy"]))
            for group in ElementTree.fromstring(svg).iter(f"{SVG}g")
            for circle in group.iter(f"{SVG}circle")
        ]
        assert len(found) == len(places)
        assert all(0 < x < WIDTH and TITLE + LEGEND < y < TITLE + LEGEND + HEIGHT for x, y in found)


def test_of_two_names_in_one_place_that_of_more_people_is_written() -> None:
    svg = draw_map((panel(place("rare", 1, 0, 0), place("often", 2, 0, 0, 9), place("far", 3, 1, 1)),), "Map")
    written = re.findall(r'pointer-events="none"[^>]*>([^<]*)<', svg)
    assert sorted(written) == ["far", "often"]
