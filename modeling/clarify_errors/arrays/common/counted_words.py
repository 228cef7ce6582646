"""Numbers with the word that they count, in English."""

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with what is said of so many.

    Parameters
    ----------
    n : int, at least 0
    one, many : str
        What follows 1, and what follows any other number: `one` with an s unless it is given.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "person", "people"), counted(1200, "phrase"), counted(0, "try", "tries")
    ('1 person', '1,200 phrases', '0 tries')
    """
    return f"1 {one}" if n == 1 else f"{n:,} {many or f'{one}s'}"


def persons(n: int) -> str:
    """Return how many people there are.

    Parameters
    ----------
    n : int, at least 0

    Returns
    -------
    str
    """
    return counted(n, "person", "people")


def number_word(n: int) -> str:
    """Return a number as it begins a sentence or stands within one.

    Parameters
    ----------
    n : int, at least 0

    Returns
    -------
    str
        A word below ten, figures from there on.

    Examples
    --------
    >>> number_word(4), number_word(1200)
    ('four', '1,200')
    """
    return _WORDS[n] if n < len(_WORDS) else f"{n:,}"
