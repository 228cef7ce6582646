"""Addresses of thumbnails: opaque, short-lived, and good for one owner only.

The signature covers the owner, but the address does not name one: whoever asks is checked against what the request
itself proves ("session:<id>" of a visit, "user:<id>" of a coordinator).
"""

import time
from collections.abc import Iterable
from functools import lru_cache

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "annotations.readings.thumbnails"
_HOUR = 3600
MAX_VALIDITY_S = 4 * _HOUR  # a page outlives the longest time limit of a task (two hours) and its waiting
SIGNATURE_LENGTH = 32


def thumbnail_url(owner: str, dataset_id: int, key: str) -> str:
    """Return the address under which `owner` may see one image of a data set for the next three to four hours.

    The expiry is a whole hour, so that a page that is loaded again finds its images in the browser's cache.
    """
    expires = int(time.time()) // _HOUR * _HOUR + MAX_VALIDITY_S
    return f"{_folder(dataset_id)}{key}/{expires}/{_signature(owner, dataset_id, key, expires)}"


@lru_cache(maxsize=256)
def _folder(dataset_id: int) -> str:
    return reverse("thumbnail", args=[dataset_id, "0", 0, "0"]).removesuffix("0/0/0")


def seconds_valid(owners: Iterable[str], dataset_id: int, key: str, expires: int, signature: str) -> int:
    """Return for how many more seconds one of `owners` may see the image; 0 where none may."""
    left = expires - int(time.time())
    signed = any(constant_time_compare(signature, _signature(owner, dataset_id, key, expires)) for owner in owners)
    return left if signed and 0 < left <= MAX_VALIDITY_S else 0


def _signature(owner: str, dataset_id: int, key: str, expires: int) -> str:
    message = f"{owner}|{dataset_id}|{key}|{expires}"
    return salted_hmac(_SALT, message, algorithm="sha256").hexdigest()[:SIGNATURE_LENGTH]
