"""Secrets that the database holds sealed under the site's IDENTITY_KEYS: who reads it cannot use them."""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def site_keys() -> MultiFernet:
    """Return the site's keys: each opens, the newest seals."""
    return MultiFernet([Fernet(key) for key in settings.IDENTITY_KEYS])


def seal(secret: bytes) -> bytes:
    """Return a secret sealed under the newest of the site's keys."""
    return site_keys().encrypt(secret)
