"""Text of a phrase: what is stored, what is refused, and what an encoder gets."""

import re
import unicodedata

from clarify_errors.arrays.common.modeling_errors import BadTemplate
from clarify_errors.arrays.common.safe_text import TYPED_PER_STORED, compose, is_safe
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, LANGUAGES

MAX_PHRASE_LENGTH = 120
MAX_TYPED_LENGTH = TYPED_PER_STORED * MAX_PHRASE_LENGTH

_SLOT = "{phrase}"
_ARTICLE_BEFORE_SLOT = re.compile(r"\b(?:an?|the)\s+\{phrase\}", re.IGNORECASE)
_LEADING_ARTICLE = re.compile(r"(?:an?|the)\s+\S", re.IGNORECASE)

# Unicode categories. Format characters (Cf) are accepted: emoji sequences and right-to-left text need them.
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}  # control characters, lone surrogates, line and paragraph separators
# Letters and pictures that are invisible: Hangul's fillers and the empty braille pattern.
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_MEANINGFUL = ("L", "N", "So")  # letters and numbers of any script, pictures such as emoji


def normalise(phrase: str) -> str:
    """Return the stored form of a phrase.

    Parameters
    ----------
    phrase : str
        As typed.

    Returns
    -------
    str
        In Unicode's composed form (NFC), without outer white space; otherwise as typed.

    Raises
    ------
    UnsafeText
        If it has a NUL, a lone surrogate, or more than 30 combining marks in a row.
    """
    return compose(phrase).strip()


def refusal(phrase: str) -> str | None:
    """Return why a phrase cannot be scored.

    Parameters
    ----------
    phrase : str
        As typed.

    Returns
    -------
    str or None
        `empty`, `blank` (nothing visible), `too_long` (more than 120 characters in its stored form, or 480 as typed),
        `control_characters` (also where it is not safe) or `only_punctuation` (no letter, number or picture); None if
        the phrase can be scored.

    Examples
    --------
    >>> refusal("a red square"), refusal("?!")
    (None, 'only_punctuation')
    """
    if not phrase:
        return "empty"
    if len(phrase) > MAX_TYPED_LENGTH:
        return "too_long"
    if not is_safe(phrase):
        return "control_characters"
    text = normalise(phrase)
    categories = {unicodedata.category(character) for character in text if character not in _INVISIBLE}
    if all(category == "Cf" or category.startswith("Z") for category in categories):
        return "blank"
    if len(text) > MAX_PHRASE_LENGTH:
        return "too_long"
    if categories & _REFUSED:
        return "control_characters"
    if not any(category.startswith(_MEANINGFUL) for category in categories):
        return "only_punctuation"
    return None


def split_negation(phrase: str, language: str = ENGLISH) -> tuple[str, int]:
    """Split a phrase into its subject and the sign of its negations.

    "no X", "not X" and "without X" (in any case) become X with the sign turned; each further negation turns it again. A
    phrase that would have nothing left to score is taken as it stands.

    Parameters
    ----------
    phrase : str
        In its stored form (`normalise`).
    language : str, default "en"
        Code of the language that the phrase is in.

    Returns
    -------
    subject : str
    sign : int
        -1 if the phrase says that images lack the subject, otherwise 1.

    Raises
    ------
    KeyError
        If the language is not among `LANGUAGES`.

    Notes
    -----
    An embedding of "no X" lies close to that of X, so the direction has to be read from the words.

    Examples
    --------
    >>> split_negation("without a collar"), split_negation("a collar"), split_negation("no ?")
    (('a collar', -1), ('a collar', 1), ('no ?', 1))
    >>> split_negation("ohne Halsband", "de")
    ('Halsband', -1)
    """
    subject, sign, rules = phrase, 1, LANGUAGES[language]
    while (negation := rules.negation.match(subject)) and refusal(subject[negation.end() :]) is None:
        subject, sign = subject[negation.end() :], -sign
    return subject, sign


def check_template(template: str) -> None:
    """Check that a template contains {phrase} exactly once.

    Parameters
    ----------
    template : str

    Raises
    ------
    BadTemplate
        If it does not.
    """
    if template.count(_SLOT) != 1:
        raise BadTemplate(f"a text template must contain {_SLOT} exactly once, but {template!r} does not")


def render(template: str, phrase: str) -> str:
    """Put a phrase into a template.

    Parameters
    ----------
    template : str
        Contains {phrase} exactly once.
    phrase : str
        An article at its start replaces one directly before the slot. Braces stay as they are.

    Returns
    -------
    str

    Raises
    ------
    BadTemplate
        If the template does not contain {phrase} exactly once.

    Examples
    --------
    >>> render("an image of a {phrase}", "red square"), render("an image of a {phrase}", "the sky")
    ('an image of a red square', 'an image of the sky')
    """
    check_template(template)
    if _LEADING_ARTICLE.match(phrase):
        template = _ARTICLE_BEFORE_SLOT.sub(_SLOT, template)
    before, after = template.split(_SLOT)
    return before + phrase + after
