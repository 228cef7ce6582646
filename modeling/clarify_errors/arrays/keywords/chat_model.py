"""A model that speaks, behind the chat API that Ollama, vLLM, llama.cpp and hosted services share."""

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import openai
from PIL import Image

from clarify_errors.arrays.keywords.keyword_sources import ChatFailed

MAX_ANSWER = 20_000  # characters that are read and kept of an answer
_MAX_TOKENS, SECONDS, REPEATS = 1_000, 120, 2
_MILLION = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What a model answered, and what that took.

    Attributes
    ----------
    text : str
        Its first 20,000 characters.
    usage : dict
        `model` (as it names itself), `seconds`, and where they are known `tokens_in`, `tokens_out` and `cost` (in the
        currency of `CHAT_PRICES`).
    """

    text: str
    usage: dict[str, Any]


class ChatModel:
    """The model that the environment names.

    `CHAT_URL` is the address of the API, such as http://localhost:11434/v1 for Ollama; `CHAT_MODEL` the model's name;
    `CHAT_KEY` the key, where one is needed; `CHAT_PRICES` what a million tokens cost, of questions and of answers,
    such as "0.15 0.60".

    Attributes
    ----------
    name : str

    Raises
    ------
    ChatFailed
        If address or model are missing, or prices are no two numbers.
    """

    def __init__(self) -> None:
        address, self.name = os.environ.get("CHAT_URL", ""), os.environ.get("CHAT_MODEL", "")
        if not address or not self.name:
            raise ChatFailed(
                "no model that speaks is set up: set CHAT_URL, such as http://localhost:11434/v1 for Ollama, and "
                "CHAT_MODEL, such as llama3.2-vision, in the environment of the command"
            )
        self._prices = _prices(os.environ.get("CHAT_PRICES", ""))
        key = os.environ.get("CHAT_KEY") or "none"  # the client wants one where the server does not
        self._client = openai.OpenAI(base_url=address, api_key=key, timeout=SECONDS, max_retries=REPEATS)

    def ask(self, prompt: str, images: Sequence[Image.Image] = ()) -> Answer:
        """Ask once; where nothing answers or the server is busy, twice more.

        Parameters
        ----------
        prompt : str
        images : sequence of PIL images
            Sent after it, as JPEG.

        Returns
        -------
        Answer

        Raises
        ------
        ChatFailed
            If nobody answers within two minutes, the answer is an error or none, or the model refuses.
        """
        content = [{"type": "text", "text": prompt}, *map(_sent, images)]
        message: Any = {"role": "user", "content": content if images else prompt}
        began = perf_counter()
        try:
            found = self._client.chat.completions.create(
                model=self.name, messages=[message], max_tokens=_MAX_TOKENS, temperature=0, seed=0
            )
            text = str(found.choices[0].message.content or "")[:MAX_ANSWER]
        except (openai.OpenAIError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise ChatFailed(f"{self.name} gave no answer: {_why(error)}") from error
        if not text.strip():
            refused = getattr(found.choices[0].message, "refusal", None)
            raise ChatFailed(f"{self.name} gave no answer: {str(refused or 'it is empty')[:200]}")
        return Answer(
            text, {"model": str(found.model), "seconds": round(perf_counter() - began, 2), **self._spent(found)}
        )

    def _spent(self, found: Any) -> dict[str, Any]:
        if found.usage is None:
            return {}
        tokens = int(found.usage.prompt_tokens), int(found.usage.completion_tokens)
        spent: dict[str, Any] = dict(zip(("tokens_in", "tokens_out"), tokens, strict=True))
        if self._prices:
            spent["cost"] = sum(n * price for n, price in zip(tokens, self._prices, strict=True)) / _MILLION
        return spent


def _prices(text: str) -> tuple[float, ...]:
    try:
        prices = tuple(float(each) for each in text.split())
    except ValueError:
        prices = (-1.0,)
    if prices and (len(prices) != 2 or not all(0 <= price < _MILLION for price in prices)):
        raise ChatFailed("CHAT_PRICES is no two numbers: what a million tokens of questions and of answers cost")
    return prices


def _why(error: Exception) -> str:
    """The client's words, without what a server says at length."""
    if isinstance(error, openai.APIStatusError):
        return f"the server said {error.status_code}"
    if isinstance(error, openai.APITimeoutError):
        return f"none came within {SECONDS} s"
    if isinstance(error, openai.APIConnectionError):
        return "nothing answers at CHAT_URL"
    return f"it is none of the chat API ({type(error).__name__})"


def _sent(image: Image.Image) -> dict[str, Any]:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=90)
    return {
        "type": "image_url",
        "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"},
    }
