"""Languages that phrases may be in: their templates, how sentences and negations are read, who understands them.

All of it is data, in clarify_errors/languages.toml: another language is another table there.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from clarify_errors.arrays.common.modeling_errors import BadArray

ENGLISH = "en"
_ENCODERS = "encoder"  # the one entry of the file that is no language
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class PhraseLanguage:
    """Template and reading rules of one language.

    clarify_errors/languages.toml says what each pattern is for.

    Attributes
    ----------
    code : str
        As `de`.
    name : str
        In English.
    template : str
        Text with exactly one ``{phrase}``.
    complaint, frame, subject, verb, verb_alone, denial, negation, tail, false_friend : re.Pattern
    """

    code: str
    name: str
    template: str
    complaint: re.Pattern[str] = _NOTHING
    frame: re.Pattern[str] = _NOTHING
    subject: re.Pattern[str] = _NOTHING
    verb: re.Pattern[str] = _NOTHING
    verb_alone: re.Pattern[str] = _NOTHING
    denial: re.Pattern[str] = _NOTHING
    negation: re.Pattern[str] = _NOTHING
    tail: re.Pattern[str] = _NOTHING
    false_friend: re.Pattern[str] = _NOTHING


def phrase_language(code: str) -> PhraseLanguage:
    """Return one of the languages that phrases may be in.

    Parameters
    ----------
    code : str

    Returns
    -------
    PhraseLanguage

    Raises
    ------
    BadArray
        If clarify_errors/languages.toml does not have it.
    """
    if code not in LANGUAGES:
        raise BadArray(f"phrases cannot be in the language {code!r}; they can be in {', '.join(LANGUAGES)}")
    return LANGUAGES[code]


def encoder_languages(spec: str) -> Sequence[str]:
    """Return the languages that an encoder understands, as far as its spec tells.

    Parameters
    ----------
    spec : str
        As `load_encoder` takes it, or the name of its model.

    Returns
    -------
    sequence of str
        Codes. English alone for an encoder that clarify_errors/languages.toml does not list.

    Examples
    --------
    >>> encoder_languages("open_clip:xlm-roberta-base-ViT-B-32:laion5b_s13b_b90k"), encoder_languages("ViT-L-14")
    (['en', 'de', 'es', 'fr'], ['en'])
    """
    found = (entry["languages"] for entry in _FILE[_ENCODERS] if re.search(entry["spec"], spec))
    return next(found, [ENGLISH])


def _language(code: str, name: str, template: str, **patterns: str) -> PhraseLanguage:
    compiled = {key: re.compile(pattern, re.IGNORECASE) for key, pattern in patterns.items()}
    return PhraseLanguage(code, name, template, **compiled)


_FILE: dict[str, Any] = tomllib.loads(files("clarify_errors").joinpath("languages.toml").read_text("utf-8"))
LANGUAGES: Mapping[str, PhraseLanguage] = {
    code: _language(code, **entry) for code, entry in _FILE.items() if code != _ENCODERS
}
"""The languages that phrases may be in, by their codes; English is the first."""
