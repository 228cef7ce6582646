"""Signed links: a JWT in the study's link says that Prolific sent this person here, now, in this submission."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from annotations.prolific_client.link_keys import LinkKeys

ISSUER = "https://www.prolific.com"
_MAX_LENGTH = 8192  # characters
_MALFORMED = "TokenMalformed"  # no readable header, or without Prolific's own claims
_PARTICIPANT = ("participant_id", "PROLIFIC_PID", "prolific_pid")
_STUDY = ("study_id", "STUDY_ID")


class LinkNotSigned(Exception):
    """The token does not prove anything: its text says why, in a word."""


@dataclass(frozen=True)
class SignedEntry:
    """Who comes, by Prolific's word. The participant and the study are None where the token does not name them."""

    participant_id: str | None
    study_id: str | None
    session_id: str
    workspace_id: str


def verify(
    token: str,
    *,
    audience: Collection[str],
    keys: LinkKeys,
    issuer: str = ISSUER,
    workspace: str = "",
) -> SignedEntry:
    """Return what a token says, once all of it was checked.

    audience: names of this site, one of which it must be made for; workspace: the only one whose links are good, empty
    for any. Raises a LinkNotSigned, or KeysUnavailable where Prolific's keys could not be had.
    """
    key = keys.key(_key_id(token))
    if key is None:
        raise LinkNotSigned("UnknownKey")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=list(audience),
            issuer=issuer,
            leeway=30.0,  # seconds that clocks may differ
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise LinkNotSigned(type(error).__name__) from None
    entry = _entry(claims)
    if workspace and entry.workspace_id != workspace:
        raise LinkNotSigned("WrongWorkspace")
    return entry


def _key_id(token: str) -> str:
    if len(token) > _MAX_LENGTH:
        raise LinkNotSigned(_MALFORMED)
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise LinkNotSigned(_MALFORMED) from None
    if header.get("alg") != "RS256":
        raise LinkNotSigned("WrongAlgorithm")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise LinkNotSigned(_MALFORMED)
    return key_id


def _entry(claims: Mapping[str, Any]) -> SignedEntry:
    of_prolific = claims.get("prolific")
    if not isinstance(of_prolific, Mapping):
        raise LinkNotSigned(_MALFORMED)
    workspace_id = of_prolific.get("workspace_id")
    if not isinstance(workspace_id, str) or not workspace_id or not claims["sub"]:
        raise LinkNotSigned(_MALFORMED)
    return SignedEntry(
        participant_id=_first(of_prolific, _PARTICIPANT),
        study_id=_first(of_prolific, _STUDY),
        session_id=claims["sub"],
        workspace_id=workspace_id,
    )


def _first(claim: Mapping[str, Any], names: Collection[str]) -> str | None:
    return next((str(claim[name]) for name in names if claim.get(name)), None)
