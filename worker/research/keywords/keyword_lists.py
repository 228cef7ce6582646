"""Lists of keywords to rank: from a file, or from what sources propose for the captions of a class."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.keywords.keyword_sources import KeywordSource, KeywordSourceFailed, Proposal, merged
from clarify_errors.arrays.keywords.stored_captions import StoredCaptions
from clarify_errors.arrays.phrases.held_out import scoring_half
from clarify_errors.arrays.phrases.phrase_reading import ReadPhrase, read_phrase
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH, check_template, normalise, refusal
from clarify_errors.arrays.phrases.word_forms import vocabulary
from worker.research.keywords.plug_ins import load_plug_in

VOCABULARY = "vocabulary"
CHAT = "chat"
_BUILT_IN = {
    "contrast": "clarify_errors.arrays.keywords.caption_contrast",
    "yake": "clarify_errors.tensors.keywords.yake_source",
    "keybert": "clarify_errors.tensors.keywords.keybert_source",
    CHAT: "clarify_errors.arrays.keywords.chat_source",
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


def load_sources(specs: Sequence[str]) -> Mapping[str, KeywordSource]:
    """Load sources of keywords by their specs.

    Raises PlugInUnavailable for a source that is not there, KeywordSourceFailed, ChatFailed for one that is not set up.
    """
    return {spec: load_plug_in(spec, _BUILT_IN, ("propose",)) for spec in specs}


def reads_pictures(source: KeywordSource) -> bool:
    """Whether a source is given images instead of captions."""
    return bool(getattr(source, "reads_pictures", False))


class _Pictures(Sequence[Image]):
    """Images of files, each read when it is taken."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, place: Any) -> Any:
        return read_image(self._files[place])


@dataclass(frozen=True)
class _Shown:
    """An image that sources may be given. caption: "" for none."""

    caption: str
    file: Path
    is_wrong: bool


def lists_from_sources(
    base_model: BaseModel, captions: StoredCaptions | None, sources: Mapping[str, KeywordSource], template: str
) -> ListOfClass:
    """Return what makes the list of a class from its validation images, or from their captions.

    What is returned raises KeywordSourceFailed or ChatFailed for a source that fails, and BadKeywordList for a class
    without captions.
    """
    check_template(template)
    of = "pictures" if captions is None else f"captions “{captions.name}”"
    kinds = (spec if spec.startswith(CHAT) else spec.partition(":")[0] for spec in sources)
    name, files = f"{of}: {', '.join(kinds)}"[:120], base_model.dataset.files

    def of_class(target_class: int) -> KeywordList:
        images = class_images(base_model, target_class)
        keys = files.image_keys[images.rows]
        shown = [
            _Shown("" if captions is None else captions.captions[row], files.image_path(key.decode()), bool(wrong))
            for row, key, wrong in zip(images.rows, keys, images.is_error, strict=True)
        ]
        keywords, source = _made(sources, shown)
        # What the tested images had a part in choosing, they cannot test: so others choose once more.
        tests = scoring_half(keys, images.is_error, "keywords")
        try:
            words, of = _made(sources, [each for each, is_tested in zip(shown, tests, strict=True) if not is_tested])
        except BadKeywordList:
            half = None
        else:
            half = KeywordList(name, words, template)
            source |= {"of_half": {"keywords": words, **of}}
        return KeywordList(name, keywords, template, source, of_half=half, tests=tests)

    return of_class


def _made(sources: Mapping[str, KeywordSource], shown: Sequence[_Shown]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the keywords that sources propose for images, and what they were asked."""
    proposals = {spec: _proposal(source, shown) for spec, source in sources.items()}
    keywords = merged([each.phrases for each in proposals.values()])
    if not keywords:
        raise BadKeywordList("its captions have no keyword")
    made = [
        {"source": spec, "name": sources[spec].name, "prompt": each.prompt, "answer": each.answer, **each.usage}
        for spec, each in proposals.items()
    ]
    return keywords, {"proposals": made}


def _proposal(source: KeywordSource, shown: Sequence[_Shown]) -> Proposal:
    right, wrong = ([each for each in shown if each.is_wrong == side] for side in (False, True))
    sides: list[Sequence[Any]]
    if reads_pictures(source):
        sides = [_Pictures([each.file for each in side]) for side in (right, wrong)]
    else:
        sides = [[each.caption for each in side if each.caption] for side in (right, wrong)]
        if not sides[1]:
            raise BadKeywordList("none of its wrong images has a caption")
    try:
        found = source.propose(*sides)
        phrases = [phrase for phrase in found.phrases if isinstance(phrase, str)]
        return Proposal(phrases, str(found.prompt), str(found.answer), found.usage)
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
