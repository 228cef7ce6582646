"""Reading of phrases that are sentences: what images have in them, without the words that say so.

People complete "The AI is often wrong on images that have ___ in it" with a word, but also with "they have stripes",
"there is no water" or the whole sentence. The encoder gets only what can be seen: stripes, water.
"""

from dataclasses import dataclass

from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, LANGUAGES, PhraseLanguage
from clarify_errors.arrays.phrases.phrase_text import refusal, render, split_negation


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


def read_phrase(phrase: str, template: str, language: str = ENGLISH) -> ReadPhrase:
    """Read a phrase, and put its subject into a template.

    Parameters
    ----------
    phrase : str
        In its stored form (`normalise`).
    template : str
        Text with exactly one ``{phrase}``.
    language : str, default "en"
        Code of the language that the phrase is in.

    Returns
    -------
    ReadPhrase

    Raises
    ------
    KeyError
        If the language is not among `LANGUAGES`.
    BadTemplate
        If `template` does not have exactly one ``{phrase}``.

    Examples
    --------
    >>> read_phrase("there is no water", "an image of a {phrase}")
    ReadPhrase(subject='water', sign=-1, text='an image of a water')
    """
    subject, sign = read(phrase, language)
    return ReadPhrase(subject, sign, render(template, subject))


def read(phrase: str, language: str = ENGLISH) -> tuple[str, int]:
    """Extract what a phrase says that images have or lack.

    A sentence loses its frame, and a negation turns the sign (`split_negation`). Any other phrase is taken as it
    stands, and so is one that would have nothing left to score. The rules are those of clarify_errors/languages.toml.

    Parameters
    ----------
    phrase : str
        In its stored form (`normalise`).
    language : str, default "en"

    Returns
    -------
    subject : str
        The words to score.
    sign : int
        -1 if the phrase says that images lack the subject, otherwise 1.

    Raises
    ------
    KeyError
        If the language is not among `LANGUAGES`.

    Examples
    --------
    >>> read("The AI is often wrong on images that have dark squares in them.")
    ('dark squares', 1)
    >>> read("there is no water"), read("they don't have a collar"), read("red squares")
    (('water', -1), ('a collar', -1), ('red squares', 1))
    >>> read("es gibt kein Wasser", "de"), read("il n'y a pas d'eau", "fr")
    (('Wasser', -1), ('eau', -1))
    """
    said, sign = _said(phrase, LANGUAGES[language])
    if said is None or refusal(said) is not None:
        return split_negation(phrase, language)
    subject, turned = split_negation(said, language)
    return subject, sign * turned


def _said(phrase: str, rules: PhraseLanguage) -> tuple[str | None, int]:
    """Return what stands in the sentence's frame, and -1 if its verb is negated; None if there is no frame."""
    complaint = rules.complaint.match(phrase)
    sentence = phrase[complaint.end() :] if complaint else phrase
    if frame := rules.frame.match(sentence):
        return rules.tail.sub("", sentence[frame.end() :]), 1
    subject = rules.subject.match(sentence)
    rest = sentence[subject.end() :] if subject else sentence
    if denied := rules.denial.match(rest):
        return rules.tail.sub("", rest[denied.end() :]), -1
    # Without a subject, only verbs that phrases do not start with: "of wood" and "show jumping" mean something.
    if verb := (rules.verb if subject else rules.verb_alone).match(rest):
        return rules.tail.sub("", rest[verb.end() :]), 1
    return (rules.tail.sub("", sentence), 1) if complaint else (None, 1)
