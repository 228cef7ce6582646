"""Elements of an SVG as text. Presentation attributes colour it where no stylesheet does; no style attribute does."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

INK, QUIET, RULE, PAPER = "#1d1d1f", "#5f6068", "#d9d9de", "#ffffff"
# Okabe and Ito's palette, which colour-blind people can tell apart, darkened to be seen on white.
PALETTE = ("#0069a8", "#c75000", "#007a5a", "#8a5fb0", "#5f6068")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def element(name: str, *children: str, **attributes: object) -> str:
    """Return one element. Underscores in names become hyphens, `class_` is class, None is left out. children: SVG."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(number(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(words: str, x: float, y: float, **attributes: object) -> str:
    return element("text", escape(words), x=x, y=y, **{"fill": INK, "font_size": 13, **attributes})


def quiet(words: str, x: float, y: float, anchor: str = "middle") -> str:
    """Return a small grey text: of a tick, an axis, a legend."""
    return text(words, x, y, text_anchor=anchor, font_size=12, fill=QUIET, class_="quiet")


def whisker(low: float, high: float, y: float, colour: int) -> str:
    """Return an interval: a line with an upright end on either side."""
    path = f"M{number(low)} {number(y - 9)}v18m0 -9H{number(high)}m0 -9v18"  # its ends stand out of any mark
    return element("path", d=path, stroke=PALETTE[colour], stroke_width=2, fill="none", class_=f"line-{colour}")


def number(value: object) -> str:
    """Return a coordinate with two decimals at most, anything else as text."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def shape(kind: str, x: float, y: float, size: float, **attributes: object) -> str:
    """Return a mark of `size` around a place."""
    if kind == "circle":
        return element("circle", cx=x, cy=y, r=size, **attributes)
    if kind == "bar":
        return element("rect", x=x - 1.5, y=y - size - 2, width=3, height=2 * size + 4, **attributes)
    if kind == "square":
        return element("rect", x=x - size, y=y - size, width=2 * size, height=2 * size, **attributes)
    corners = {
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.2), (1.15, 0.9), (-1.15, 0.9)),
    }[kind]
    points = " ".join(f"{number(x + size * dx)},{number(y + size * dy)}" for dx, dy in corners)
    return element("polygon", points=points, **attributes)


def document(parts: Iterable[str], width: float, height: float, label: str) -> str:
    """Return a whole SVG, named by its label for those who do not see it."""
    return element(
        "svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {number(width)} {number(height)}",
        width=width, height=height, class_="chart", role="group", aria_label=label, font_family=FONT,
    )  # fmt: skip


def point(label: str, *parts: str, series: int) -> str:
    """Return marks that say something of themselves when they are pointed at, or reached by the arrow keys."""
    title = element("title", escape(label))
    return element("g", title, *parts, class_=f"point series-{series}", role="img", aria_label=label, data_label=label)
