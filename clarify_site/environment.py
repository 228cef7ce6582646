"""Readers of the environment that stop the start with a plain sentence instead of a default nobody chose."""

import base64
import hashlib

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()  # X_FILE names a file that holds X, such as a mounted secret

SHORTEST_SECRET_KEY = 50


def secret_key() -> str:
    """Return SECRET_KEY; raise ImproperlyConfigured where it is missing, short or Django's insecure placeholder."""
    key = str(env.str("SECRET_KEY", default="")).strip()
    if len(key) < SHORTEST_SECRET_KEY or key.startswith("django-insecure") or len(set(key)) < 5:
        raise ImproperlyConfigured(
            f"SECRET_KEY must be a random string of at least {SHORTEST_SECRET_KEY} characters. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    return key


def identity_keys() -> list[bytes]:
    """Return the Fernet keys of IDENTITY_KEYS, newest first: random strings, separated by commas.

    Raises ImproperlyConfigured where it is missing or a key is short.
    """
    keys = [key.strip() for key in str(env.str("IDENTITY_KEYS", default="")).split(",") if key.strip()]
    if not keys or any(len(key) < SHORTEST_SECRET_KEY or len(set(key)) < 5 for key in keys):
        raise ImproperlyConfigured(
            f"IDENTITY_KEYS must hold a random string of at least {SHORTEST_SECRET_KEY} characters: it seals the "
            "participants' ids. Keep it apart from the database's backups. To change it, put the new one in front of "
            'the old one, with a comma. Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    return [base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()) for key in keys]


def url(name: str, *schemes: str, default: str = "") -> str:
    """Return the URL in variable `name`; raise ImproperlyConfigured where it is missing or of another scheme."""
    value = str(env.str(name, default=default)).strip()
    if value.split("://")[0] not in schemes:
        example = f"{schemes[0]}://…"
        problem = "is not set" if not value else "has an unknown scheme"
        raise ImproperlyConfigured(f"{name} {problem}: it must be a URL such as {example}")
    return value


def number(name: str, default: float, low: float, high: float) -> float:
    """Return the number in variable `name`; raise ImproperlyConfigured where it is none or outside [low, high]."""
    raw = str(env.str(name, default=str(default)))
    try:
        value = float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {raw!r}") from None
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must lie between {low:g} and {high:g}, not {raw}")
    return value


def flag(name: str, default: bool) -> bool:
    """Return the yes/no in variable `name`; ImproperlyConfigured for anything but true/false, yes/no, on/off, 1/0."""
    raw = str(env.str(name, default=str(default))).strip().lower()
    if raw in {"true", "yes", "on", "1"}:
        return True
    if raw in {"false", "no", "off", "0"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}")
