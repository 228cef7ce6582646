"""Reading of phrases that are sentences: what images have in them, without the words that say so.

People complete "The AI is often wrong on images that have ___ in it" with a word, but also with "they have stripes",
"there is no water" or the whole sentence. The encoder gets only what can be seen: stripes, water.
"""

import re
from dataclasses import dataclass

from modeling.arrays.phrases.phrase_text import refusal, render, split_negation

_COMPLAINT = re.compile(
    r"(?:(?:the\s+)?(?:ai|model|program|computer)|it)\s+(?:is|was)\s+(?:\w+\s+)?wrong\s+(?:on|about|for|with|when|if|in)\s+",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"(?:(?:(?:the|all|most|many|some|of|these|those|wrong)\s+)*(?:images?|pictures?|photos?|photographs?|ones|mistakes)"
    r"(?:\s+(?:that|which|where))?|there|it|these|those|they(?:\s+all)?)\s+",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?:(?:it|there)['\u2019]s|they['\u2019]re)\s+", re.IGNORECASE)
_SAYS = re.compile(
    r"(?:have|has|having|had|with|shows?|showing|contains?|containing|is|are|was|were|of)\s+", re.IGNORECASE
)
# Without a subject, only verbs that phrases do not start with: "of wood" and "show jumping" mean something.
_SAYS_ALONE = re.compile(r"(?:have|has|having|with|is|are)\s+", re.IGNORECASE)
_SAYS_NOT = re.compile(
    r"(?:(?:do|does|did)(?:\s+not|n['\u2019]t)\s+(?:have|show|contain)|lacks?|lacking|without|(?:is|are|was|were)n['\u2019]t)\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:\s+in\s+(?:it|them))?\s*[.!]*$", re.IGNORECASE)


@dataclass(frozen=True)
class ReadPhrase:
    """A phrase as it is scored, from `read_phrase`.

    Attributes
    ----------
    subject : str
    sign : int
        From `read`: -1 if the phrase says that images lack the subject, otherwise 1.
    text : str
        The subject in a template, to embed.
    """

    subject: str
    sign: int
    text: str


def read_phrase(phrase: str, template: str) -> ReadPhrase:
    """Read a phrase, and put its subject into a template.

    Parameters
    ----------
    phrase : str
        In its stored form (`normalise`).
    template : str
        Text with exactly one ``{phrase}``.

    Returns
    -------
    ReadPhrase

    Raises
    ------
    BadTemplate
        If `template` does not have exactly one ``{phrase}``.

    Examples
    --------
    >>> read_phrase("there is no water", "an image of a {phrase}")
    ReadPhrase(subject='water', sign=-1, text='an image of a water')
    """
    subject, sign = read(phrase)
    return ReadPhrase(subject, sign, render(template, subject))


def read(phrase: str) -> tuple[str, int]:
    """Extract what a phrase says that images have or lack.

    A sentence loses its frame, and a negation turns the sign (`split_negation`). Any other phrase is taken as it
    stands, and so is one that would have nothing left to score. The rules are for English.

    Parameters
    ----------
    phrase : str
        In its stored form (`normalise`).

    Returns
    -------
    subject : str
        The words to score.
    sign : int
        -1 if the phrase says that images lack the subject, otherwise 1.

    Examples
    --------
    >>> read("The AI is often wrong on images that have dark squares in them.")
    ('dark squares', 1)
    >>> read("there is no water"), read("they don't have a collar"), read("red squares")
    (('water', -1), ('a collar', -1), ('red squares', 1))
    """
    said, sign = _said(phrase)
    if said is None or refusal(said) is not None:
        return split_negation(phrase)
    subject, turned = split_negation(said)
    return subject, sign * turned


def _said(phrase: str) -> tuple[str | None, int]:
    """Return what stands in the sentence's frame, and -1 if its verb is negated; None if there is no frame."""
    complaint = _COMPLAINT.match(phrase)
    sentence = phrase[complaint.end() :] if complaint else phrase
    if short := _SHORT.match(sentence):
        return _TAIL.sub("", sentence[short.end() :]), 1
    who = _WHO.match(sentence)
    rest = sentence[who.end() :] if who else sentence
    if denied := _SAYS_NOT.match(rest):
        return _TAIL.sub("", rest[denied.end() :]), -1
    if says := (_SAYS if who else _SAYS_ALONE).match(rest):
        return _TAIL.sub("", rest[says.end() :]), 1
    return (_TAIL.sub("", sentence), 1) if complaint else (None, 1)
