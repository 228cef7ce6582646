"""Which passwords are refused because somebody who knows the site guesses them (setting AUTH_PASSWORD_VALIDATORS)."""

import re
from collections.abc import Iterator, Set
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

_MONTHS = (
    "january february march april may june july august september october november december "
    "januar februar märz maerz mai juni juli oktober dezember"
)
_SEASONS = "spring summer autumn fall winter frühling fruehling frühjahr sommer herbst"
_USUAL = (
    "clarify admin administrator coordinator analyst operator staff study prolific password passwort passphrase "
    "welcome willkommen login letmein secret geheim changeme default test demo hello hallo"
)
_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag"
)
_ROWS = (
    "qwertyuiop", "qwertzuiopü", "asdfghjklöä", "zxcvbnm", "yxcvbnm", "azertyuiop", "1234567890", "!@#$%^&*()",
    "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)  # fmt: skip
_STEPS = {step for row in _ROWS for a, b in pairwise(row) for step in ((a, b), (b, a))}
_SIGNS, _LETTERS = "03457@$!", "oeastasi"  # signs that stand for letters
MAX_LENGTH = 128  # characters: the rules below take steps that grow with the square of them
_LEAST_LETTERS = 3  # of a name: "ab" stands in many a good password


class GuessablePasswordValidator:
    """Refuses passwords of nothing but known words, numbers and signs, and runs of neighbouring keys."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MAX_LENGTH:
            raise ValidationError(
                f"This password is too long. Use at most {MAX_LENGTH} characters.", "password_too_long"
            )
        if _is_run(password.casefold()):
            raise ValidationError(
                "This password is mostly a run of neighbouring keys or repeated characters.", code="password_run"
            )
        if _is_known_words(password.casefold(), user):
            raise ValidationError(
                "This password has nothing in it but numbers, signs and words that are easy to guess here, such as "
                "names of this site or its accounts, seasons, months and “password”.",
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return (
            "Your password must not consist of names of this site or of your account, seasons, months, numbers and "
            "runs of keys alone. Three or four unrelated words are good."
        )


def _is_run(password: str) -> bool:
    steps = [a == b or (a, b) in _STEPS for a, b in pairwise(password)]
    return 2 * sum(steps) > len(steps)


def _is_known_words(password: str, user: Any) -> bool:
    words = set(_words(user))
    return any(_is_made_of(words, letters) for letters in _readings(password))


def _is_made_of(words: Set[str], letters: str) -> bool:
    """Say whether a text is words put together; in steps instead of by a pattern, which may take exponential time."""
    reached = {0}
    for at in range(len(letters)):
        if at in reached:
            reached |= {at + len(word) for word in words if letters.startswith(word, at)}
    return len(letters) in reached


def _readings(password: str) -> Iterator[str]:
    """The letters alone, as they are and with the usual signs in the word read as letters: “p@ssw0rd1”."""
    yield _letters(password)
    word = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password)
    for one in "il":
        yield _letters(word.translate(str.maketrans(f"{_SIGNS}1", f"{_LETTERS}{one}")))


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


def _words(user: Any) -> Iterator[str]:
    yield from " ".join((_MONTHS, _SEASONS, _USUAL, _DAYS)).split()
    hosts = [*settings.ALLOWED_HOSTS, urlsplit(settings.SITE_URL).hostname or ""]
    names = [getattr(user, name, "") or "" for name in ("username", "first_name", "last_name", "email")]
    for name in (*hosts, *names):
        parts = re.split(r"[\W\d_]+", name.casefold())
        yield from (part for part in (*parts, "".join(parts)) if len(part) >= _LEAST_LETTERS)
