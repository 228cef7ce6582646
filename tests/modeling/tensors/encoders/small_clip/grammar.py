"""Captions for sprites, with the sprites that each is true of.

A caption is a conjunction of one to four attributes, in the loose English of people who describe a picture: a noun
phrase with adjectives in any order, a background, an article or none, singular or plural, with or without a template.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clarify_errors.arrays.sprites.attributes import VALUES, SpriteAttributes
from tests.modeling.tensors.encoders.small_clip.lexicon import (
    ARTICLE_TEMPLATES,
    BACKGROUND_NOUNS,
    ENTRIES,
    GENERIC_NOUNS,
    PICTURE_NOUNS,
    TEMPLATES,
    Entry,
    complement,
)

_CONJUNCTS = ((1, 2, 3, 4), (0.5, 0.3, 0.14, 0.06))
_IN_TEMPLATE = 0.55
_SEVERAL_VALUES = 0.06
_NEGATED = 0.08
_BACKGROUND = ("shade", "texture")


@dataclass(frozen=True)
class Caption:
    """A text, and the attribute values that it allows.

    Attributes
    ----------
    text : str
    allows : dict of str to frozenset of str
        Allowed values of each attribute that the text mentions.
    """

    text: str
    allows: dict[str, frozenset[str]]


def satisfied(captions: Sequence[Caption], attributes: SpriteAttributes) -> npt.NDArray[np.bool_]:
    """Determine which captions are true of which sprites.

    Parameters
    ----------
    captions : sequence of k Caption
    attributes : SpriteAttributes
        n sprites.

    Returns
    -------
    bool ndarray of shape (n, k)
    """
    truth = np.ones((len(attributes), len(captions)), dtype=np.bool_)
    for name, values in VALUES.items():
        allowed = np.array([[name not in c.allows or value in c.allows[name] for value in values] for c in captions])
        truth &= allowed[:, getattr(attributes, name)].T
    return truth


def write_captions(n: int, rng: random.Random) -> list[Caption]:
    """Write n new captions.

    Parameters
    ----------
    n : int
    rng : random.Random

    Returns
    -------
    list of n Caption
    """
    return [write_caption(rng) for _ in range(n)]


def write_caption(rng: random.Random) -> Caption:
    """Write a caption: choose its attributes and values, then its words.

    Parameters
    ----------
    rng : random.Random

    Returns
    -------
    Caption
    """
    count = rng.choices(*_CONJUNCTS)[0]
    entries = {name: _pick(name, rng) for name in rng.sample(list(VALUES), count)}
    if count == 1 and rng.random() < _NEGATED:
        (entry,) = entries.values()
        return Caption(_framed(_denial(entry, rng), rng), {entry.attribute: complement(entry)})
    return Caption(_framed(_phrase(entries, rng), rng), {name: entry.values for name, entry in entries.items()})


_SINGLE = {name: [e for e in ENTRIES if e.attribute == name and len(e.values) == 1] for name in VALUES}
_SEVERAL = {name: [e for e in ENTRIES if e.attribute == name and len(e.values) > 1] for name in VALUES}


def _pick(attribute: str, rng: random.Random) -> Entry:
    several = _SEVERAL[attribute]
    return rng.choice(several if several and rng.random() < _SEVERAL_VALUES else _SINGLE[attribute])


def _phrase(entries: dict[str, Entry], rng: random.Random) -> str:
    """Write the words without a template: a subject, a background, or both."""
    subject = {name: entry for name, entry in entries.items() if name not in _BACKGROUND}
    background = {name: entry for name, entry in entries.items() if name in _BACKGROUND}
    if not background:
        return _subject(subject, rng)
    if not subject:
        return _background_alone(background, rng)
    if set(background) == {"texture"} and rng.random() < 0.2:
        return _subject(entries, rng)
    return f"{_subject(subject, rng)} {_setting(background, rng)}"


def _subject(entries: dict[str, Entry], rng: random.Random) -> str:
    """Write a noun phrase such as "the small red squares", or without a noun "red" or "something red"."""
    plural = rng.random() < 0.4
    shape = entries.get("shape")
    adjectives = [_adjective(entry, rng) for entry in entries.values() if entry is not shape]
    rng.shuffle(adjectives)
    if shape is None:
        return _without_noun(adjectives, entries, plural, rng)
    if shape.nouns and rng.random() < (0.85 if shape.adjectives else 1):
        noun = _noun(rng.choice(shape.nouns), plural)
    else:
        adjectives.append(rng.choice(shape.adjectives))
        if rng.random() < 0.3:
            return " ".join(adjectives)
        noun = _noun(rng.choice(GENERIC_NOUNS), plural)
    return _noun_phrase(adjectives, noun, plural, rng)


def _without_noun(adjectives: list[str], entries: dict[str, Entry], plural: bool, rng: random.Random) -> str:
    said = " ".join(adjectives)
    way = rng.random()
    if way < 0.4:
        return rng.choice((" ".join, " and ".join))(adjectives)
    if way < 0.55:
        return f"{rng.choice(('something', 'anything', 'everything', 'something that is', 'those that are'))} {said}"
    if way < 0.65 and set(entries) == {"colour"}:
        colour = rng.choice(("color", "colour", "colored", "coloured"))
        return rng.choice((f"the {colour} {said}", f"{said} {colour}", f"{said} {colour}s", f"{said} in {colour}"))
    if way < 0.65 and set(entries) == {"size"}:
        return rng.choice((f"{said} size", f"{said} sizes", f"{said} in size", f"{said} sized"))
    return _noun_phrase(adjectives, _noun(rng.choice(GENERIC_NOUNS), plural), plural, rng)


def _noun_phrase(adjectives: list[str], noun: str, plural: bool, rng: random.Random) -> str:
    """Put adjectives before the noun, or sometimes after it: "squares that are red"."""
    if adjectives and rng.random() < 0.12:
        link = rng.choice((" that are ", " are ", ", ", " ") if plural else (" that is ", " is ", ", ", " "))
        return _with_article(f"{noun}{link}{' and '.join(adjectives)}", plural, rng)
    return _with_article(" ".join([*adjectives, noun]), plural, rng)


def _setting(entries: dict[str, Entry], rng: random.Random) -> str:
    """Write what follows a subject: "on a dark striped background", "with stripes"."""
    if set(entries) == {"texture"} and entries["texture"].nouns and rng.random() < 0.35:
        return f"{rng.choice(('with', 'on', 'and'))} {_noun(rng.choice(entries['texture'].nouns), rng.random() < 0.8)}"
    return f"{rng.choice(('on', 'on', 'with', 'against', 'over', 'in front of', 'and'))} {_background(entries, rng)}"


def _background(entries: dict[str, Entry], rng: random.Random) -> str:
    plural = rng.random() < 0.15
    adjectives = [_adjective(entry, rng) for entry in entries.values()]
    rng.shuffle(adjectives)
    noun = rng.choice(BACKGROUND_NOUNS)
    if rng.random() < 0.08:
        return _with_article(
            f"{_noun(noun, plural)} {'are' if plural else 'is'} {' and '.join(adjectives)}", plural, rng
        )
    return _with_article(" ".join([*adjectives, _noun(noun, plural)]), plural, rng)


def _background_alone(entries: dict[str, Entry], rng: random.Random) -> str:
    way = rng.random()
    if way < 0.3:
        return " ".join(_adjective(entry, rng) for entry in entries.values())
    if way < 0.45:
        generic = _noun(rng.choice(GENERIC_NOUNS), rng.random() < 0.5)
        return f"{rng.choice(('something ', '', generic + ' '))}{_setting(entries, rng)}"
    if way < 0.6 and set(entries) == {"texture"} and entries["texture"].nouns:
        noun = _noun(rng.choice(entries["texture"].nouns), rng.random() < 0.8)
        return rng.choice((noun, noun, f"{noun} in the background", f"background with {noun}", f"background {noun}"))
    if way < 0.68:
        plural = rng.random() < 0.4
        adjectives = " ".join(_adjective(entry, rng) for entry in entries.values())
        return _with_article(f"{adjectives} {_noun(rng.choice(PICTURE_NOUNS), plural)}", plural, rng)
    return _background(entries, rng)


def _denial(entry: Entry, rng: random.Random) -> str:
    """Write the opposite of an entry: "not red", "no stripes"."""
    ways = [f"not {word}" for word in entry.adjectives]
    ways += [f"non {word}" for word in entry.adjectives]
    ways += [f"not {_indefinite(one)}" for one, _ in entry.nouns]
    ways += [f"{no} {many}" for _, many in entry.nouns for no in ("no", "without", "not")]
    if entry.attribute in _BACKGROUND:
        ways += [f"no {word} background" for word in entry.adjectives]
    return rng.choice(ways)


def _adjective(entry: Entry, rng: random.Random) -> str:
    """Choose an adjective; the first two of an entry are the commonest, and are chosen more often."""
    word = rng.choice(entry.adjectives[:2]) if rng.random() < 0.35 else rng.choice(entry.adjectives)
    return f"{rng.choice(('very', 'really', 'quite'))} {word}" if rng.random() < 0.04 else word


def _noun(pair: tuple[str, str], plural: bool) -> str:
    return pair[1] if plural else pair[0]


def _indefinite(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _with_article(words: str, plural: bool, rng: random.Random) -> str:
    way = rng.random()
    if way < 0.45:
        return words
    if plural:
        return f"{rng.choice(('the', 'some', 'all', 'many'))} {words}" if way < 0.75 else words
    return _indefinite(words) if way < 0.85 else f"the {words}"


def _framed(phrase: str, rng: random.Random) -> str:
    if rng.random() >= _IN_TEMPLATE:
        return phrase
    if rng.random() < 0.5:
        first, _, rest = phrase.partition(" ")
        return rng.choice(ARTICLE_TEMPLATES).format(rest if rest and first in ("a", "an", "the") else phrase)
    return rng.choice(TEMPLATES).format(phrase)


def vocabulary_texts() -> Iterator[str]:
    """Yield texts that together hold every word that a caption can hold."""
    for entry in ENTRIES:
        yield from entry.adjectives
        for pair in entry.nouns:
            yield from pair
    for pairs in (GENERIC_NOUNS, BACKGROUND_NOUNS, PICTURE_NOUNS):
        for pair in pairs:
            yield from pair
    yield from (template.format("") for template in (*TEMPLATES, *ARTICLE_TEMPLATES))
    yield "something anything everything that is those are the a an some all many very really quite and in"
    yield "color colour colored coloured colors colours coloreds coloureds size sizes sized"
    yield "on with against over in front of"
    yield "not non no without , ."
