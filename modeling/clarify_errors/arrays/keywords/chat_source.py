"""Hypotheses of a model that speaks: what may wrong images have in common, by their captions or by their pictures?"""

import json
import re
from collections.abc import Sequence

from PIL import Image

from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.images.contact_sheet import contact_sheet
from clarify_errors.arrays.keywords.chat_model import ChatModel
from clarify_errors.arrays.keywords.keyword_sources import MAX_KEYWORDS, KeywordSource, KeywordSourceFailed, Proposal

_CAPTIONS, _CAPTION, _PICTURES = 100, 200, 16  # of a side; characters of one
_TASK = (
    "An image classifier is wrong on some images of a class and right on others. {shown} What do the wrong images show "
    "more often than the right ones? Answer with a JSON list of 20 short phrases that describe what is visible, such "
    'as "a dark background", the likeliest first, and with nothing else.'
)
_OF_CAPTIONS = _TASK.format(shown="Below are captions of both.")
_OF_PICTURES = _TASK.format(shown="The picture has wrong images on its left half, and right ones on its right half.")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])?\s*|[\s\"'.,]+$")


class CaptionHypotheses:
    """A language model that reads captions.

    Attributes
    ----------
    name : str
    """

    def __init__(self) -> None:
        self._model = ChatModel()
        self.name = f"chat {self._model.name}, captions"

    def propose(self, right: Sequence[str], wrong: Sequence[str]) -> Proposal:
        """Propose phrases by at most 100 captions of a side, cut at 200 characters.

        Parameters
        ----------
        right, wrong : sequence of str

        Returns
        -------
        Proposal

        Raises
        ------
        KeywordSourceFailed
            If the answer has no phrase.
        ChatFailed
        """
        sides = (f"{title}\n{_listed(side)}" for title, side in (("WRONG", wrong), ("RIGHT", right)))
        return _asked(self._model, "\n\n".join((_OF_CAPTIONS, *sides)))


class PictureHypotheses:
    """A vision-language model that looks at a contact sheet.

    Attributes
    ----------
    name : str
    """

    reads_pictures = True

    def __init__(self) -> None:
        self._model = ChatModel()
        self.name = f"chat {self._model.name}, pictures"

    def propose(self, right: Sequence[Image.Image], wrong: Sequence[Image.Image]) -> Proposal:
        """Propose phrases by at most 16 images of a side, wrong ones on the left.

        Parameters
        ----------
        right, wrong : sequence of PIL images

        Returns
        -------
        Proposal

        Raises
        ------
        KeywordSourceFailed
            If the answer has no phrase.
        ChatFailed
        """
        sides = [[(side[place], side is wrong) for place in _shown(side, _PICTURES)] for side in (wrong, right)]
        return _asked(self._model, _OF_PICTURES, [contact_sheet(("WRONG", "RIGHT"), sides)])


def phrases_of(text: str) -> list[str]:
    """Return the phrases of an answer: of the list in it, else its lines.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of at most 50 str
        Without bullets, numbers and quotation marks.

    Examples
    --------
    >>> phrases_of('Sure! ["dark ones", "red"]'), phrases_of('1. "Dark ones".')
    (['dark ones', 'red'], ['Dark ones'])
    """
    first, last = text.find("["), text.rfind("]")
    try:
        found = json.loads(text[first : last + 1]) if 0 <= first < last else None
    except (ValueError, RecursionError):
        found = None
    lines = [each for each in found if isinstance(each, str)] if isinstance(found, list) else text.splitlines()
    phrases = (_BULLET.sub("", line[:_CAPTION]).strip("\"' ") for line in lines)
    return [phrase for phrase in phrases if phrase][:MAX_KEYWORDS]


def _shown(side: Sequence[object], most: int) -> list[int]:
    """The places that are shown of a side: the same for the same number of images."""
    return [int(place) for place in sample(len(side), most, 0, (len(side),))]


def _listed(captions: Sequence[str]) -> str:
    return "\n".join(f"- {' '.join(captions[place][:_CAPTION].split())}" for place in _shown(captions, _CAPTIONS))


def _asked(model: ChatModel, prompt: str, images: Sequence[Image.Image] = ()) -> Proposal:
    answer = model.ask(prompt, images)
    phrases = phrases_of(answer.text)
    if not phrases:
        raise KeywordSourceFailed(f"{model.name} proposed no phrase: {answer.text[:80]!r}")
    return Proposal(phrases, prompt, answer.text, answer.usage)


def load(reads: str) -> KeywordSource:
    """Return the source.

    Parameters
    ----------
    reads : {"captions", "pictures", ""}
        What the model is shown; "" is captions.

    Returns
    -------
    KeywordSource

    Raises
    ------
    KeywordSourceFailed
        If it is something else.
    ChatFailed
        If no model is set up.
    """
    if reads not in ("", "captions", "pictures"):
        raise KeywordSourceFailed(f"a model that speaks reads captions or pictures, not {reads!r}")
    return PictureHypotheses() if reads == "pictures" else CaptionHypotheses()
