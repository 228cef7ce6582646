"""Django system checks: what is wrong with a site before it serves anybody."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from annotations.models import IdentityKey
from annotations.services.logs import key_rotation

PUT_IT_BACK = (
    "Put the earlier key back into IDENTITY_KEYS, behind the newest one and a comma, and run "
    "`manage.py reseal_identities` before you take it out again."
)


def unreadable(n: int) -> str:
    """The sentence for people's keys that no key of the site opens."""
    return f"None of IDENTITY_KEYS opens {n:,} of the people's keys: their ids cannot be read, and they cannot be paid."


@register(Tags.database)
def identity_keys_fit(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every person's key opens with IDENTITY_KEYS. `migrate` asks, and so does `check --database default`."""
    if not databases or IdentityKey._meta.db_table not in connection.introspection.table_names():
        return []
    unknown = key_rotation.count().unknown
    return [Error(unreadable(unknown), hint=PUT_IT_BACK, id="annotations.E001")] if unknown else []
