"""Words for folders that are named by ids, such as ImageNet's n01440764."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from modeling.arrays.datasets.importing.import_errors import BadSource

CLASS_WORDS = ("LOC_synset_mapping.txt", "class_names.txt", "classes.json")


def read_class_words(root: Path) -> dict[str, str]:
    """Read which words stand for which folder, from the first file that there is.

    Parameters
    ----------
    root : pathlib.Path

    Returns
    -------
    dict of str to str
        By id, in the order of ids (numbers by value); empty if there is no such file.

    Raises
    ------
    BadSource
        If the file cannot be read, names an id twice, or has no words for one.
    """
    file = next((root / name for name in CLASS_WORDS if (root / name).exists()), None)
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8-sig")
        pairs = _of_json(text) if file.suffix == ".json" else _of_lines(text)
    except (OSError, ValueError) as error:
        raise BadSource(file, f"it cannot be read: {error}") from error
    words: dict[str, str] = {}
    for number, (name, said) in enumerate(pairs, 1):
        if not said or name in words:
            raise BadSource(file, f"{name} {'is named twice' if said else 'has no words'}", number)
        words[name] = said
    return {name: words[name] for name in in_order(words)}


def in_order(ids: Mapping[str, object] | set[str]) -> list[str]:
    """Sort ids: numbers by value, then others by letter.

    Parameters
    ----------
    ids : mapping or set of str

    Returns
    -------
    list of str

    Examples
    --------
    >>> in_order({"10", "9", "n01440764"})
    ['9', '10', 'n01440764']
    """
    return sorted(ids, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))


def short_names(words: Mapping[str, str]) -> tuple[str, ...]:
    """Shorten words to the first synonym, where no other class has the same one.

    Parameters
    ----------
    words : mapping of str to str
        Synonyms, separated by commas, by id.

    Returns
    -------
    tuple of str
        All different.

    Examples
    --------
    >>> short_names({"n1": "tench, Tinca tinca", "n2": "crane", "n3": "crane", "n4": "maillot", "n5": "maillot, suit"})
    ('tench', 'crane (n2)', 'crane (n3)', 'maillot', 'maillot, suit')
    """
    first = {name: said.partition(",")[0].strip() for name, said in words.items()}
    shared = Counter(map(str.casefold, first.values()))
    names = {name: said if shared[said.casefold()] == 1 else words[name] for name, said in first.items()}
    taken = Counter(map(str.casefold, names.values()))
    return tuple(said if taken[said.casefold()] == 1 else f"{said} ({name})" for name, said in names.items())


def _of_lines(text: str) -> list[tuple[str, str]]:
    parts = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return [(name, said.strip()) for name, _, said in parts]


def _of_json(text: str) -> list[tuple[str, str]]:
    given = json.loads(text)
    if not isinstance(given, dict) or not all(isinstance(said, str) for said in given.values()):
        raise ValueError("it must be an object of texts, by the name of the folder")
    return [(name, said.strip()) for name, said in given.items()]
