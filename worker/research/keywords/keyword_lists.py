"""Lists of keywords to rank: from a file, or from what sources propose for the captions of a class."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.keywords.keyword_sources import KeywordSource, KeywordSourceFailed, Proposal, merged
from clarify_errors.arrays.keywords.stored_captions import StoredCaptions
from clarify_errors.arrays.phrases.held_out import scoring_half
from clarify_errors.arrays.phrases.phrase_reading import ReadPhrase, read_phrase
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH, check_template, normalise, refusal
from clarify_errors.arrays.phrases.word_forms import vocabulary
from worker.research.keywords.plug_ins import load_plug_in

VOCABULARY = "vocabulary"
_BUILT_IN = {
    "contrast": "clarify_errors.arrays.keywords.caption_contrast",
    "yake": "clarify_errors.tensors.keywords.yake_source",
    "keybert": "clarify_errors.tensors.keywords.keybert_source",
}


class BadKeywordList(ModelingError):
    """A list of keywords cannot be read, is empty, or has something in it that is no keyword."""


@dataclass(frozen=True, eq=False)
class KeywordList:
    """K keywords, each once, and the template that they are put into. Raises BadTemplate.

    source: what a ranking keeps of where they come from; is_blind: whoever chose them did not know the errors; is_made:
    of a class's captions, so that another class, and the same class with other captions, has another list of this name.
    tests, of_half: the images that give a made list its p, and what the same sources propose for the others.
    """

    name: str
    keywords: tuple[str, ...]
    template: str
    source: Mapping[str, Any] = field(default_factory=dict)
    is_blind: bool = False
    of_half: "KeywordList | None" = None
    tests: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        check_template(self.template)

    @cached_property
    def read(self) -> tuple[ReadPhrase, ...]:
        """What each keyword says, read as a participant's phrase is: "no water" is water, turned."""
        return tuple(read_phrase(keyword, self.template) for keyword in self.keywords)

    @property
    def is_made(self) -> bool:
        return self.tests is not None

    @property
    def digest(self) -> str:
        """SHA-256 of the template and the keywords, one a line."""
        return hashlib.sha256("\n".join((self.template, *self.keywords)).encode()).hexdigest()


ListOfClass = Callable[[int], KeywordList]


def read_list(path: Path | None, template: str, *, is_blind: bool = False) -> KeywordList:
    """Read a list as clarify_errors/vocabulary.txt is written, which is the list where `path` is None, and blind.

    Keywords stand one a line or between commas; a line that begins with # is a comment. Raises BadKeywordList.
    """
    if path is None:
        # Written long before anybody looked at these errors.
        return KeywordList(VOCABULARY, vocabulary(), template, is_blind=True)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadKeywordList(f"{path} cannot be read: {why}") from error
    keywords: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if not line.startswith("#"):
            keywords |= dict.fromkeys(
                _keyword(part, f"{path}, line {number}") for part in line.split(",") if part.strip()
            )
    if not keywords:
        raise BadKeywordList(f"{path} has no keywords. Write one per line, or separate them with commas")
    return KeywordList(path.name[:120], tuple(keywords), template, is_blind=is_blind)


def lists_from_captions(
    base_model: BaseModel, captions: StoredCaptions, specs: Sequence[str], template: str
) -> ListOfClass:
    """Return what makes the list of a class from the captions of its validation images.

    Raises PlugInUnavailable for a source that is not there. What is returned raises KeywordSourceFailed for one that
    fails, and BadKeywordList for a class without captions.
    """
    sources: dict[str, KeywordSource] = {spec: load_plug_in(spec, _BUILT_IN, ("propose",)) for spec in specs}
    check_template(template)

    name = f"captions “{captions.name}”: {', '.join(spec.partition(':')[0] for spec in specs)}"[:120]

    def of_class(target_class: int) -> KeywordList:
        images = class_images(base_model, target_class)
        said = [(captions.captions[row], wrong) for row, wrong in zip(images.rows, images.is_error, strict=True)]
        keywords, source = _made(sources, said)
        # What the tested images had a part in choosing, they cannot test: so others choose once more.
        tests = scoring_half(base_model.dataset.files.image_keys[images.rows], images.is_error, "keywords")
        try:
            words, of = _made(sources, [each for each, is_tested in zip(said, tests, strict=True) if not is_tested])
        except BadKeywordList:
            half = None
        else:
            half = KeywordList(name, words, template)
            source |= {"of_half": {"keywords": words, **of}}
        return KeywordList(name, keywords, template, source, of_half=half, tests=tests)

    return of_class


def _made(
    sources: Mapping[str, KeywordSource], said: Sequence[tuple[str, bool]]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the keywords of captions and whether each is of a wrong image, and what the sources were asked."""
    right, wrong = ([text for text, is_wrong in said if text and is_wrong == side] for side in (False, True))
    if not wrong:
        raise BadKeywordList("none of its wrong images has a caption")
    proposals = {spec: _proposal(source, right, wrong) for spec, source in sources.items()}
    keywords = merged([each.phrases for each in proposals.values()])
    if not keywords:
        raise BadKeywordList("its captions have no keyword")
    made = [
        {"source": spec, "name": sources[spec].name, "prompt": each.prompt, "answer": each.answer}
        for spec, each in proposals.items()
    ]
    return keywords, {"proposals": made}


def _proposal(source: KeywordSource, right: Sequence[str], wrong: Sequence[str]) -> Proposal:
    try:
        found = source.propose(right, wrong)
        phrases = [phrase for phrase in found.phrases if isinstance(phrase, str)]
        return Proposal(phrases, str(found.prompt), str(found.answer))
    except ModelingError:
        raise
    except Exception as error:  # other people's code, and a server behind it
        raise KeywordSourceFailed(f"{source.name} proposed no keywords: {type(error).__name__}: {error}") from error


def _keyword(part: str, where: str) -> str:
    why = refusal(part)
    if why is not None:
        raise BadKeywordList(
            f"{where}: {part.strip()[:40]!r} is not a keyword ({why.replace('_', ' ')}). A keyword has letters or "
            f"numbers, and at most {MAX_PHRASE_LENGTH} characters"
        )
    return normalise(part)
