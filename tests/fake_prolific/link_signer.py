"""Signed links: the fake's own keys, its JWKS, and tokens as Prolific makes them."""

import datetime as dt
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """An RSA key, the same for a name as long as the process lives: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks(*names: str) -> dict[str, Any]:
    """The public keys of these names."""
    return {"keys": [_public(name) for name in names]}


def token(
    key_name: str, *, submission_id: str, audience: str, prolific: dict[str, Any] | None = None, **claims: Any
) -> str:
    """A token of a signed link, good for five minutes; `claims` change or, as None, remove what it says."""
    now = dt.datetime.now(dt.UTC)
    said: dict[str, Any] = {
        "iss": "https://www.prolific.com",
        "sub": submission_id,
        "aud": audience,
        "iat": now,
        "exp": now + dt.timedelta(minutes=5),
        "prolific": {"workspace_id": "workspace-1"} if prolific is None else prolific,
        **claims,
    }
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, private_key(key_name), algorithm="RS256", headers={"kid": key_name})


def _public(name: str) -> dict[str, Any]:
    key: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(private_key(name).public_key()))
    return {**key, "kid": name, "use": "sig", "alg": "RS256"}
