"""A vision-language model that says whether an image shows what words say."""

from collections.abc import Sequence

from PIL import Image

from clarify_errors.arrays.keywords.chat_model import ChatModel

_QUESTION = "Is this true of the image: it has {phrase} in it? Answer with one word: yes, no, or unsure."
_ANSWERS = {"yes": True, "no": False}


class ChatReviewer:
    """The model that the environment names.

    Attributes
    ----------
    name : str
    """

    def __init__(self) -> None:
        self._model = ChatModel()
        self.name = f"chat {self._model.name}"

    def holds(self, phrase: str, images: Sequence[Image.Image]) -> list[bool | None]:
        """Say of each image whether the phrase holds.

        Parameters
        ----------
        phrase : str
        images : sequence of PIL images
            Each is a question of its own.

        Returns
        -------
        list of bool or None
            None for what is neither yes nor no.

        Raises
        ------
        ChatFailed
        """
        question = _QUESTION.format(phrase=phrase)
        return [_said(self._model.ask(question, [image]).text) for image in images]


def _said(answer: str) -> bool | None:
    first = answer.lower().split()[0].strip(".,!*\"'")
    return _ANSWERS.get(first)


def load(_: str) -> ChatReviewer:
    """Return the reviewer.

    Parameters
    ----------
    _ : str
        Nothing can be chosen.

    Returns
    -------
    ChatReviewer

    Raises
    ------
    ChatFailed
        If no model is set up.
    """
    return ChatReviewer()
