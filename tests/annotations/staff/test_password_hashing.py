"""However a password comes to be hashed, a process computes few hashes at once and says so to everybody else."""

import ast
import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import argon2
import pytest
from django.contrib.auth.hashers import get_hasher, get_hashers
from django.contrib.auth.models import User
from django.test import Client

from annotations.staff import password_hashing
from annotations.staff.password_hashing import AT_ONCE, HashingBusy
from tests.support.actor_fixtures import COORDINATOR_PASSWORD

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "some long enough words"
N_PEOPLE = 12


class Gate:
    """Every function that computes a hash waits here until it is opened; `most` counts how many did at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.most, self._now, self._lock = threading.Event(), 0, 0, threading.Lock()
        for owner, name in (
            (argon2.low_level, "hash_secret"),
            (argon2.PasswordHasher, "verify"),
            (hashlib, "pbkdf2_hmac"),
        ):
            monkeypatch.setattr(owner, name, self._gated(getattr(owner, name)))

    def _gated(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def computed(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
            self.opened.wait()
            try:
                return function(*args, **kwargs)
            finally:
                with self._lock:
                    self._now -= 1

        return computed


def ways() -> Iterator[Any]:
    """Every hasher that a stored password may need, and every function by which Django has it compute."""
    for hasher in get_hashers():
        encoded = hasher.encode(PASSWORD, hasher.salt())
        name = type(hasher).__name__
        yield pytest.param(lambda hasher=hasher: hasher.encode(PASSWORD, "a salt of 16 signs"), id=f"{name} encode")
        yield pytest.param(lambda hasher=hasher, stored=encoded: hasher.verify(PASSWORD, stored), id=f"{name} verify")


@pytest.mark.parametrize("hash_once", list(ways()))
def test_no_more_are_computed_at_once_and_the_others_are_told(
    hash_once: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT_S", 0.05)
    gate = Gate(monkeypatch)
    with ThreadPoolExecutor(N_PEOPLE) as threads:
        left = {threads.submit(hash_once) for _ in range(N_PEOPLE)}
        done: set[Future[object]] = set()
        while len(left) > AT_ONCE:
            some, left = wait(left, return_when=FIRST_COMPLETED)
            done |= some
        gate.opened.set()
    assert all(isinstance(each.exception(), HashingBusy) for each in done)
    assert all(each.exception() is None for each in left)
    assert gate.most == AT_ONCE


def test_the_older_hasher_is_bounded_where_it_evens_out_how_long_it_takes() -> None:
    older: Any = get_hasher("pbkdf2_sha256")
    weaker = older.encode(PASSWORD, "a salt", iterations=1)
    with full(), pytest.raises(HashingBusy):
        older.harden_runtime(PASSWORD, weaker)


def test_a_place_is_free_again_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2 * AT_ONCE):
        with pytest.raises(ZeroDivisionError), password_hashing.one_of_few():
            raise ZeroDivisionError
    with password_hashing.one_of_few():
        pass


def test_nothing_of_ours_hashes_passwords_beside_the_hashers() -> None:
    """Argon2, PBKDF2, scrypt and bcrypt are names that no other module uses."""
    slow = {"argon2", "pbkdf2", "pbkdf2_hmac", "scrypt", "bcrypt"}
    for package in ("annotations", "clarify_site", "worker", "deploy"):
        for file in (ROOT / package).rglob("*.py"):
            tree = ast.parse(file.read_text("utf-8"))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names |= {alias.name.split(".")[0] for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not slow & names, file


# -- What people are answered --------------------------------------------------------------------------------------


class full(ExitStack):  # noqa: N801  # reads as a word of the test
    """While this lasts, every place for hashing is taken."""

    def __enter__(self) -> "full":
        super().__enter__()
        for _ in range(AT_ONCE):
            self.enter_context(password_hashing.one_of_few())
        return self


NEW = {"password1": "three unrelated words", "password2": "three unrelated words"}
CHANGED = {"new_password1": "three unrelated words", "new_password2": "three unrelated words"}
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "sign-in": ("/admin/login/", {"username": "coordinator", "password": COORDINATOR_PASSWORD}),
    "sign-in of nobody": ("/admin/login/", {"username": "nobody", "password": "wrong"}),
    "a new password": ("/admin/password_change/", {"old_password": COORDINATOR_PASSWORD, **CHANGED}),
    "a new account": ("/admin/auth/user/add/", {"username": "carol", "usable_password": "true", **NEW}),
    "another's password": ("/admin/auth/user/{pk}/password/", {"usable_password": "true", **NEW}),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_that_hashes_says_that_it_is_busy(
    name: str, coordinator: User, coordinator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hashing, "MAX_WAIT_S", 0.01)
    address, form = FORMS[name]
    before = list(User.objects.values())
    with full():
        response = coordinator_client.post(address.format(pk=coordinator.pk), form)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == str(password_hashing.RETRY_AFTER_S)
    assert "Try again in a few seconds" in response.content.decode()
    assert list(User.objects.values()) == before
    assert coordinator_client.post(address.format(pk=coordinator.pk), form).status_code in (200, 302)
