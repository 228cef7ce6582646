"""Several thousand common English nouns, adjectives and short phrases: a vocabulary that knows nothing of any images.

They are in modeling/common_words.txt, made from two free lists, WordNet 3.0 and SCOWL (its head has both licences):

    python -m modeling.arrays.phrases.common_words /usr/share/wordnet /usr/share/dict/scowl > common_words.txt

with Debian's wordnet-base 1:3.0-39 and scowl 2020.12.07-4.
"""

import re
import sys
from collections import Counter
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from modeling.arrays.phrases.word_forms import lemmas, vocabulary

COMMON_WORDS_SHA256 = "e70799f3904d895cf96d684b40295a3769843304c271411b8c2bd5e6eca05a5c"
LEAST_COUNT = 3  # times that a text of WordNet's has a word as a noun or adjective; a phrase once
_WORD, _PHRASE = re.compile(r"[a-z]{3,}"), re.compile(r"[a-z]+(_[a-z]+){1,2}")
# Words that make no phrase one that means something.
_WITHOUT_MEANING = {"and", "at", "by", "for", "from", "in", "no", "not", "on", "or", "to", "with", "without"}
_NOUN, _ADJECTIVE, _SATELLITE = "1", "3", "5"  # WordNet's types of senses


@lru_cache(maxsize=1)
def common_words() -> tuple[str, ...]:
    """Return the common words, each once, in the order of the alphabet."""
    return words_of_list(files("modeling").joinpath("common_words.txt").read_text("utf-8"))


def words_of_list(text: str) -> tuple[str, ...]:
    """Return the words of a list, each once, in their order.

    Parameters
    ----------
    text : str
        One word or short phrase a line; empty lines and those that start with # are left out.

    Returns
    -------
    tuple of str
    """
    lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
    return tuple(dict.fromkeys(line for line in lines if line))


def unknown_words(phrase: str) -> tuple[str, ...]:
    """Return the words of a phrase that has no word of any list.

    Parameters
    ----------
    phrase : str

    Returns
    -------
    tuple of str
        Lemmas in order; empty as soon as one of them is among those of `common_words` or `vocabulary`. Numbers, words
        of negation and those that join others count neither way.

    Examples
    --------
    >>> unknown_words("no qwzx and 3 vlorks"), unknown_words("qwzx dogs"), unknown_words("42")
    (('qwzx', 'vlork'), (), ())
    """
    words = tuple(word for word in lemmas(phrase) if word not in _WITHOUT_MEANING and not word.isnumeric())
    return () if _known_words().intersection(words) else words


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    return frozenset(word for phrase in (*common_words(), *vocabulary()) for word in lemmas(phrase))


def words_digest(words: tuple[str, ...]) -> str:
    """Compute what tells a list of words from any other.

    Parameters
    ----------
    words : tuple of str

    Returns
    -------
    str
        SHA-256 of the words, one a line, in hexadecimal.
    """
    return sha256("\n".join(words).encode()).hexdigest()


def extract_common_words(wordnet: Path, scowl: Path) -> list[str]:
    """Select nouns, adjectives and phrases that both sources have as common.

    Parameters
    ----------
    wordnet : Path
        Folder of WordNet's database, with `cntlist.rev` and `data.noun`.
    scowl : Path
        Folder of SCOWL's lists; those of sizes 10 and 20 are used.

    Returns
    -------
    list of str
        Words that are a noun or an adjective at least three times in WordNet's tagged texts, and phrases of two or
        three words that are a noun there. Each word is in SCOWL's lists. No sense with a capital letter counts.
    """
    common = {word for file in scowl.glob("*-words.[12]0") for word in file.read_text("latin-1").split()}
    counts = _counts(wordnet)
    words = {word for (word, _), count in counts.items() if count >= LEAST_COUNT and _WORD.fullmatch(word)}
    phrases = {phrase for phrase, kind in counts if kind == _NOUN and _PHRASE.fullmatch(phrase)}
    return sorted(each.replace("_", " ") for each in words | phrases if common.issuperset(each.split("_")))


def _counts(wordnet: Path) -> Counter[tuple[str, str]]:
    """How often WordNet's texts have each word as a noun or an adjective, in senses written in small letters."""
    small, counts = _small_senses(wordnet), Counter[tuple[str, str]]()
    for line in (wordnet / "cntlist.rev").read_text().splitlines():
        key, _, count = line.split()
        word, sense = key.split("%")
        kind, file, number = sense.split(":")[:3]
        if (word, file, int(number)) in small:
            counts[word, kind.replace(_SATELLITE, _ADJECTIVE)] += int(count)
    return counts


def _small_senses(wordnet: Path) -> set[tuple[str, str, int]]:
    """Word, file and number of each sense of nouns and adjectives that has no capital letter."""
    found = set()
    for name in ("noun", "adj"):
        for line in (wordnet / f"data.{name}").read_text().splitlines():
            if not line.startswith(" "):  # the licence does
                fields = line.split()
                for place in range(4, 4 + 2 * int(fields[3], 16), 2):
                    found.add((re.sub(r"\(\w+\)$", "", fields[place]), fields[1], int(fields[place + 1], 16)))
    return {sense for sense in found if sense[0].islower()}


if __name__ == "__main__":
    print(*extract_common_words(Path(sys.argv[1]), Path(sys.argv[2])), sep="\n")
