"""The text of a phrase: what is stored, what is refused, and what an encoder is given."""

import re
import unicodedata

from modeling.arrays.common.modeling_errors import BadTemplate

LONGEST_PHRASE = 120

_SLOT = "{phrase}"
_ARTICLE_BEFORE_SLOT = re.compile(r"\b(?:an?|the)\s+\{phrase\}", re.IGNORECASE)
_LEADING_ARTICLE = re.compile(r"(?:an?|the)\s+\S", re.IGNORECASE)
_NEGATION = re.compile(r"(?:no|not|without)\s+", re.IGNORECASE)

# Categories of Unicode. Format characters (Cf) are accepted: emoji sequences and right-to-left text need them.
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}  # control characters, lone surrogates, line and paragraph separators
# Letters and pictures that show nothing: Hangul's fillers and the empty braille pattern.
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_MEANINGFUL = ("L", "N", "So")  # letters and numbers of any script, pictures such as emoji


def normalise(phrase: str) -> str:
    """The stored form of a phrase: Unicode's composed form (NFC) without outer white space, otherwise as typed."""
    return unicodedata.normalize("NFC", phrase).strip()


def refusal(phrase: str) -> str | None:
    """Why a phrase cannot be scored, or None where it can.

    One of `empty`, `blank` (nothing that shows), `too_long` (more than 120 characters in its stored form),
    `control_characters`, `only_punctuation` (no letter, number or picture).

    >>> refusal("a red square"), refusal("?!")
    (None, 'only_punctuation')
    """
    if not phrase:
        return "empty"
    text = normalise(phrase)
    categories = {unicodedata.category(character) for character in text if character not in _INVISIBLE}
    if all(category == "Cf" or category.startswith("Z") for category in categories):
        return "blank"
    if len(text) > LONGEST_PHRASE:
        return "too_long"
    if categories & _REFUSED:
        return "control_characters"
    if not any(category.startswith(_MEANINGFUL) for category in categories):
        return "only_punctuation"
    return None


def split_negation(phrase: str) -> tuple[str, int]:
    """What a phrase is about, and its sign: -1 where it says that images lack it, otherwise 1.

    "no X", "not X" and "without X" are X with the sign turned, in any case; each further negation turns it again. An
    embedding of "no X" lies close to that of X, so the direction has to be read from the words. A phrase that would
    have nothing left to score is taken as it stands. phrase: in its stored form (`normalise`).

    >>> split_negation("without a collar"), split_negation("a collar"), split_negation("no ?")
    (('a collar', -1), ('a collar', 1), ('no ?', 1))
    """
    subject, sign = phrase, 1
    while (negation := _NEGATION.match(subject)) and refusal(subject[negation.end() :]) is None:
        subject, sign = subject[negation.end() :], -sign
    return subject, sign


def check_template(template: str) -> None:
    """Raise BadTemplate unless the template holds {phrase} exactly once."""
    if template.count(_SLOT) != 1:
        raise BadTemplate(f"a text template must hold {_SLOT} exactly once, and {template!r} does not")


def render(template: str, phrase: str) -> str:
    """Put a phrase into a template; an article that begins the phrase replaces one directly before the slot.

    Braces in the phrase stay as they are. Raises BadTemplate.

    >>> render("an image of a {phrase}", "red square"), render("an image of a {phrase}", "the sky")
    ('an image of a red square', 'an image of the sky')
    """
    check_template(template)
    if _LEADING_ARTICLE.match(phrase):
        template = _ARTICLE_BEFORE_SLOT.sub(_SLOT, template)
    before, after = template.split(_SLOT)
    return before + phrase + after
