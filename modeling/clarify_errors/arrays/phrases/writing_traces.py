"""How a phrase came into its field, as counts: nothing of it says which keys were pressed, or what is true of anybody.

Dictation, input methods, word suggestions and screen readers leave the same traces as pasting and copying.
"""

FLAGS = ("pasted", "at_once", "left", "repeated")
COUNTED = ("first_ms", "edits", "gap_ms", "pastes", "left")
LONG_ENOUGH = 12  # characters that nobody types in one or two edits
MOST_AT_ONCE = 2


def flags(counted: dict[str, int] | None, text: str, said_by_others: int) -> tuple[str, ...]:
    """Say what stands out in how a phrase came into its field.

    Parameters
    ----------
    counted : dict of str to int or None
        By COUNTED: `first_ms` (milliseconds from when the field was ready to the first edit), `edits` (changes of the
        field), `gap_ms` (median milliseconds between two edits, 0 for fewer than two), `pastes` (pasted or dropped
        texts) and `left` (times that the page was left with words in the field), each 0 or more; None where nothing was
        counted.
    text : str
        The phrase.
    said_by_others : int
        How many other people submitted the same words in the same task.

    Returns
    -------
    tuple of str
        `pasted`: something was pasted or dropped; `at_once`: at least 12 characters came in one or two edits; `left`:
        the page was left with words in the field; `repeated`: at least two others said the same three words or more.
    """
    found = counted or dict.fromkeys(COUNTED, 0)
    at_once = 0 < found["edits"] <= MOST_AT_ONCE and len(text) >= LONG_ENOUGH
    repeated = said_by_others >= 2 and len(text.split()) >= 3
    stands_out = (found["pastes"] > 0, at_once, found["left"] > 0, repeated)
    return tuple(name for name, is_so in zip(FLAGS, stands_out, strict=True) if is_so)
