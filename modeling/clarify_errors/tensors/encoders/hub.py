"""Files of the Hugging Face hub, from its cache or the network."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from huggingface_hub import hf_hub_url, is_offline_mode
from huggingface_hub.errors import EntryNotFoundError

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable

# The hub must answer within this time, so that a machine without a network fails at once. huggingface_hub itself
# retries for half a minute and prints a dozen lines.
ANSWER_TIMEOUT_S = 5

Download = Callable[[bool], Path | None]  # takes whether the cache alone is asked; None if it holds nothing of use


def cached_or_fetched(repository: str, file: str, downloads: Iterable[Download], otherwise: str) -> Path:
    """Return what the first download gives that has something.

    All are tried on the cache, then on the hub.

    Parameters
    ----------
    repository, file : str
        Of which the hub must know something.
    downloads : iterable of callable
    otherwise : str
        What the error says.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    EncoderUnavailable
        If there is none, or no hub.
    """
    downloads = list(downloads)
    for is_local in (True, False):
        # The client's HTTP library, and its errors, differ by major version; their chain does not help a person.
        with suppress(Exception):
            if not is_local:
                need_an_answer(hf_hub_url(repository, file))
            for download in downloads:
                with suppress(EntryNotFoundError):
                    if found := download(is_local):
                        return found
    raise EncoderUnavailable(otherwise)


def need_an_answer(url: str) -> None:
    """Check that a server answers, with any status.

    The check is skipped if the hub's client is set to be offline.

    Parameters
    ----------
    url : str

    Raises
    ------
    OSError
        If there is no answer.
    """
    if is_offline_mode():
        return
    request = Request(url, method="HEAD")  # noqa: S310  the hub's own address, not a participant's
    try:
        urlopen(request, timeout=ANSWER_TIMEOUT_S).close()  # noqa: S310
    except HTTPError as answer:
        answer.close()
