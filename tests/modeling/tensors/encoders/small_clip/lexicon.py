"""The words that the bundled encoder is taught, and what each says about a sprite.

The encoder does not know other words. So the lists hold what people write about coloured shapes: common synonyms, loose
ones ("ball" for an oval) and words for several values at once ("pointy" for triangles and stars).
"""

from dataclasses import dataclass

from clarify_errors.arrays.sprites.attributes import VALUES


@dataclass(frozen=True)
class Entry:
    """Some values of one attribute, with the words for them.

    Attributes
    ----------
    attribute : str
    values : frozenset of str
    adjectives : tuple of str
    nouns : tuple of (singular, plural)
    """

    attribute: str
    values: frozenset[str]
    adjectives: tuple[str, ...] = ()
    nouns: tuple[tuple[str, str], ...] = ()


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in listed.split(",") if word.strip())


def _nouns(listed: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of singular and plural; a plural that does not end with an s of its own stands behind a stroke."""
    pairs = (noun.partition("/") for noun in _words(listed))
    return tuple((one, many or f"{one}s") for one, _, many in pairs)


def _entry(attribute: str, values: str, adjectives: str = "", nouns: str = "") -> Entry:
    return Entry(attribute, frozenset(values.split()), _words(adjectives), _nouns(nouns))


ENTRIES: tuple[Entry, ...] = (
    _entry("colour", "red", "red, reddish, crimson, scarlet, ruby, cherry red, bright red, dark red, deep red"),
    _entry("colour", "orange", "orange, orangey, tangerine, bright orange, dark orange"),
    _entry("colour", "yellow", "yellow, yellowish, golden, gold, lemon, bright yellow"),
    _entry("colour", "green", "green, greenish, emerald, lime, dark green, forest green, bright green"),
    _entry("colour", "cyan", "cyan, turquoise, aqua, teal, light blue, sky blue, baby blue, bright cyan"),
    _entry("colour", "blue", "blue, bluish, navy, navy blue, dark blue, royal blue, cobalt, sapphire, deep blue"),
    _entry("colour", "purple", "purple, violet, purplish, plum, dark purple, indigo, lilac, lavender"),
    _entry("colour", "pink", "pink, pinkish, rose, hot pink, light pink, fuchsia"),
    _entry("colour", "brown", "brown, brownish, chocolate, chestnut, coffee, dark brown"),
    _entry("colour", "red brown", "maroon, burgundy"),
    _entry("colour", "purple pink", "magenta"),
    _entry("colour", "orange pink", "peach, coral, salmon"),
    _entry("colour", "red orange yellow", "warm, warm colored, warm coloured"),
    _entry("colour", "green cyan blue", "cool, cold, cool colored, cool coloured"),
    _entry(
        "shape",
        "square",
        "square, boxy, rectangular, square shaped, four sided, blocky",
        "square, box/boxes, block, cube, rectangle, tile, quadrilateral",
    ),
    _entry(
        "shape",
        "oval",
        "round, rounded, circular, oval, elliptical, oval shaped, egg shaped, oblong, curved, curvy",
        "oval, ellipse, circle, ball, disc, disk, egg, ellipsoid, sphere",
    ),
    _entry("shape", "triangle", "triangular, triangle, triangle shaped, three sided", "triangle, pyramid"),
    _entry("shape", "star", "star shaped, star, starry", "star, pentagram"),
    _entry("shape", "heart", "heart shaped, heart", "heart, love heart"),
    _entry("shape", "triangle star", "pointy, pointed, spiky, sharp"),
    _entry("shape", "square triangle star", "angular, sharp edged", "polygon"),
    _entry("size", "small", "small, tiny, little, mini, miniature, minuscule, smaller, wee"),
    _entry("size", "medium", "medium, medium sized, mid sized, average sized, middle sized"),
    _entry("size", "large", "large, big, huge, giant, enormous, massive, larger, bigger, oversized"),
    _entry("tilt", "upright", "upright, straight, level, aligned, unrotated, untilted"),
    _entry(
        "tilt",
        "tilted",
        "tilted, rotated, slanted, crooked, diagonal, angled, turned, leaning, skewed, askew, slanting, inclined",
    ),
    _entry("shade", "dark", "dark, black, dim, shadowy, gloomy, darker, dark gray, dark grey, blackish"),
    _entry("shade", "light", "light, bright, white, pale, lighter, brighter, light gray, light grey, whitish"),
    _entry("texture", "plain", "plain, solid, blank, clean, uniform, empty, flat, simple, unpatterned, untextured"),
    _entry(
        "texture",
        "striped",
        "striped, stripy, stripey, lined, banded",
        "stripe, line, band, stripe pattern, striped pattern",
    ),
    _entry(
        "texture",
        "dotted",
        "dotted, spotted, polka dot, polka dotted, speckled, dotty, spotty",
        "dot, spot, polka dot, dot pattern, dotted pattern, speckle",
    ),
    _entry(
        "texture",
        "checkered",
        "checkered, checked, chequered, checkerboard, chessboard, checker",
        "check, checkerboard, chessboard, grid, checker, checkered pattern",
    ),
    _entry("texture", "striped dotted checkered", "patterned, textured, busy", "pattern, texture"),
)

GENERIC_NOUNS = _nouns("shape, object, thing, figure, item, one, form, sprite")
BACKGROUND_NOUNS = _nouns("background, background, background, backdrop, bg")
PICTURE_NOUNS = _nouns("image, picture, photo")
TEMPLATES = (
    *("an image of {}", "a photo of {}", "a picture of {}", "image of {}"),
    *("images of {}", "picture of {}", "pictures of {}", "this is {}"),
    *("this is a picture of {}", "this is an image of {}", "there is {}", "a drawing of {}"),
    *("it is {}", "it shows {}", "an image with {}", "images with {}"),
)
"""Templates for a subject with an article of its own, or without one."""

ARTICLE_TEMPLATES: tuple[str, ...] = ("an image of a {}", "an image of a {}", "a photo of a {}", "a picture of a {}")
"""Templates that add an article to any phrase, as a study's template does ("an image of a red squares")."""


def complement(entry: Entry) -> frozenset[str]:
    """Return the values of the attribute that the entry does not name.

    Parameters
    ----------
    entry : Entry

    Returns
    -------
    frozenset of str
    """
    return frozenset(VALUES[entry.attribute]) - entry.values
