"""Words in the figures of a release: no box where the font lacks a sign."""

import doctest

import pytest
from matplotlib.font_manager import findfont, get_font

from worker.releases import figure_style
from worker.releases.figure_style import SETTINGS, drawable


def test_the_examples_are_true() -> None:
    assert doctest.testmod(figure_style).failed == 0


@pytest.mark.parametrize("text", ["🟥 red", "🦜🌲🌲🌲🌲🌲", "紅葉", "ฉัน", "👩🏽‍🚀 there", "אדום", "a​b", "\ud7ff"])
def test_every_sign_that_is_drawn_has_a_glyph(text: str) -> None:
    glyphs = get_font(findfont(SETTINGS["font.family"])).get_charmap()
    assert all(ord(sign) in glyphs for sign in drawable(text))


def test_what_the_font_has_stays_as_it_is() -> None:
    assert drawable("größer → ≥ 5 “שלום” ☺") == "größer → ≥ 5 “שלום” ☺"


def test_very_many_signs_are_counted() -> None:
    assert drawable("🌲" * 9) == "[evergreen tree, evergreen tree, evergreen tree, 6 more]"
