"""How the admin writes numbers, and reads those of rows."""

NONE = "\N{EN DASH}"  # what stands where there is no number


def score(value: float | None) -> str:
    """Return an error score, similarity or λ with two decimals, a dash where there is none."""
    return NONE if value is None else f"{value:.2f}"


def minutes(seconds: float | None) -> str:
    """Return a duration in minutes and seconds, a dash where there is none."""
    return NONE if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def percent(share: float | None) -> str:
    """Return a share in [0, 1] as a percentage with one decimal, a dash where there is none."""
    return NONE if share is None else f"{share:.1%}"


def points(share: float | None) -> str:
    """Return a difference of two shares in percentage points, with its sign."""
    return NONE if share is None else f"{100 * share:+z.1f}"


def row_number(text: str | None) -> int:
    """Return a row's number as it stands in a form or an address; 0, which no row has, for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0
