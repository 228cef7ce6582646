"""Readers of the environment that stop the start with a plain sentence instead of a default nobody chose."""

import base64
import hashlib
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()  # X_FILE names a file that holds X, such as a mounted secret

SHORTEST_SECRET_KEY = 50
SHORTEST_TOKEN = 20
_MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def text(name: str, default: str = "") -> str:
    """Return variable `name`, or what the file holds that `name`_FILE names, without the blanks around it.

    Raises ImproperlyConfigured for a file that cannot be read.
    """
    try:
        return str(env.str(name, default=default)).strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names {error.filename}, which cannot be read: {error.strerror}. Create the file, and "
            "make it readable for the user that runs the site"
        ) from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}_FILE must name a UTF-8 text file") from None


def check_given(*required: str) -> None:
    """Raise ImproperlyConfigured that names all of these variables where several are missing.

    Of a single one its own reader says more: how it is made.
    """
    missing = [name for name in required if not text(name)]
    if len(missing) > 1:
        raise ImproperlyConfigured(
            f"{', '.join(missing[:-1])} and {missing[-1]} are not set. `clarify demo` sets them for its own site, "
            "and while that runs, commands use its settings where you set none"
        )


def names(name: str) -> list[str]:
    """Return the names in variable `name`, separated by commas; raise ImproperlyConfigured where there is none."""
    found = [one.strip() for one in text(name).split(",") if one.strip()]
    if not found:
        raise ImproperlyConfigured(f"{name} is not set. Give one or more names, separated by commas")
    return found


def secret_key() -> str:
    """Return SECRET_KEY; raise ImproperlyConfigured where it is missing, short or Django's insecure placeholder."""
    key = text("SECRET_KEY")
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
    keys = [key.strip() for key in text("IDENTITY_KEYS").split(",") if key.strip()]
    if not keys or any(len(key) < SHORTEST_SECRET_KEY or len(set(key)) < 5 for key in keys):
        raise ImproperlyConfigured(
            f"IDENTITY_KEYS must hold a random string of at least {SHORTEST_SECRET_KEY} characters. It encrypts "
            "the participants' ids, so store it apart from the database backups. To replace a key, put the new "
            'one in front of the old one, separated by a comma. Make one with: python -c "import secrets; '
            'print(secrets.token_urlsafe(50))"'
        )
    return [base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()) for key in keys]


def url(name: str, *schemes: str, default: str = "") -> str:
    """Return the URL in variable `name`; raise ImproperlyConfigured where it is missing or of another scheme."""
    value = text(name, default)
    if value.split("://")[0] not in schemes:
        example = f"{schemes[0]}://…"
        problem = "is not set" if not value else "has an unknown scheme"
        raise ImproperlyConfigured(f"{name} {problem}. It must be a URL such as {example}")
    return value


def with_extra(name: str, package: str, extra: str, *beside: str) -> str:
    """Return variable `name`, "" where there is none.

    Raises ImproperlyConfigured where it is given and its extra's package is missing, or a variable of `beside`.
    """
    value = text(name)
    if value and find_spec(package) is None:
        raise ImproperlyConfigured(
            f"{name} is set, but the extra {extra!r} is not installed. Add it to the extras that Clarify is installed "
            f"with (python -m deploy.lock install …,{extra}), or leave {name} empty"
        )
    if value and (missing := [other for other in beside if not text(other)]):
        raise ImproperlyConfigured(f"{name} is set, but {' and '.join(missing)} is not. Set all of them, or none")
    return value


def token(name: str) -> str:
    """Return the token in variable `name`, "" where there is none; raise ImproperlyConfigured for a short one."""
    value = text(name)
    if value and len(value) < SHORTEST_TOKEN:
        raise ImproperlyConfigured(f"{name} must have at least {SHORTEST_TOKEN} characters")
    return value


def mail_settings() -> dict[str, Any]:
    """Return Django's settings of the server in EMAIL_URL, none where there is none.

    smtp:// speaks in the clear, smtp+tls:// begins so and turns to TLS, smtp+ssl:// speaks TLS from the start. Raises
    ImproperlyConfigured for anything else.
    """
    value = text("EMAIL_URL")
    if not value:
        return {}
    parts = urlsplit(value)
    if parts.scheme not in _MAIL_PORTS or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must be a URL such as smtp+tls://name:password@mail.example.org:587")
    return {**env.email_url_config(value), "EMAIL_PORT": parts.port or _MAIL_PORTS[parts.scheme]}


def number(name: str, default: float, low: float, high: float) -> float:
    """Return the number in variable `name`; raise ImproperlyConfigured where it is none or outside [low, high]."""
    raw = text(name, str(default))
    try:
        value = float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {raw!r}") from None
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must be between {low:g} and {high:g}, not {raw}")
    return value


def percentage(name: str) -> Decimal | None:
    """Return the exact percentage in variable `name`, None where it is empty; raise ImproperlyConfigured otherwise."""
    raw = text(name)
    if not raw:
        return None
    try:
        value = Decimal(raw)
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and 0 <= value <= 100):
        raise ImproperlyConfigured(f"{name} must be a percentage between 0 and 100, such as 33.3, not {raw!r}")
    return value


def flag(name: str, default: bool) -> bool:
    """Return the yes/no in variable `name`; ImproperlyConfigured for anything but true/false, yes/no, on/off, 1/0."""
    raw = text(name, str(default)).lower()
    if raw in {"true", "yes", "on", "1"}:
        return True
    if raw in {"false", "no", "off", "0"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}")
