"""Images with a phrase beside images without it, as one picture."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

_CELL, _GAP, _FRAME, _TITLE, _COLUMNS = 112, 6, 4, 26, 4
_WRONG, _RIGHT, _INK = "#b3261e", "#c9ced4", "#1d1f23"

Side = Sequence[tuple[Image.Image, bool]]


def contact_sheet(titles: tuple[str, str], sides: Sequence[Side]) -> Image.Image:
    """Draw two groups of images beside each other.

    Parameters
    ----------
    titles : tuple of 2 str
    sides : sequence of 2 sequences of (PIL image, bool)
        Images, and whether each is predicted wrongly.

    Returns
    -------
    PIL image
        Wrong images have a red frame.
    """
    width = _COLUMNS * (_CELL + _GAP) + _GAP
    rows = max(1, *(-(-len(side) // _COLUMNS) for side in sides))
    sheet = Image.new("RGB", (2 * width + 2 * _GAP, _TITLE + rows * (_CELL + _GAP) + _GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for i, (title, side) in enumerate(zip(titles, sides, strict=True)):
        left = i * (width + 2 * _GAP) + _GAP
        draw.text((left, _GAP), title, fill=_INK, font=font)
        for k, (image, is_wrong) in enumerate(side):
            place = (left + k % _COLUMNS * (_CELL + _GAP), _TITLE + k // _COLUMNS * (_CELL + _GAP))
            fitted = ImageOps.fit(image, (_CELL - 2 * _FRAME, _CELL - 2 * _FRAME))
            sheet.paste(ImageOps.expand(fitted, _FRAME, _WRONG if is_wrong else _RIGHT), place)
    return sheet
