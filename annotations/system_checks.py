"""Django system checks: what is wrong with a site before it serves anybody."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from annotations.base.baseline import is_before_baseline
from annotations.log import key_rotation

PUT_IT_BACK = (
    "Put the earlier key back into IDENTITY_KEYS, after the newest one and a comma. Run `manage.py "
    "reseal_identities` before you remove it again."
)


def unreadable(n: int) -> str:
    """The sentence for secrets that no key of the site opens."""
    return (
        f"IDENTITY_KEYS cannot decrypt {n:,} of the stored keys and tokens. Their participants cannot be paid or let "
        "in, and their links to withdraw do not open; their staff cannot sign in with a code."
    )


@register(Tags.database)
def identity_keys_fit(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every sealed key opens with IDENTITY_KEYS. `migrate` asks, and so does `check --database default`."""
    if not databases:
        return []
    unknown = key_rotation.count().unknown
    return [Error(unreadable(unknown), hint=PUT_IT_BACK, id="annotations.E001")] if unknown else []


@register(Tags.database)
def database_is_not_older_than_the_baseline(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a database of Clarify 0.16 or earlier before `migrate` changes anything."""
    if not databases:
        return []
    applied = [".".join(key) for key in MigrationRecorder(connection).applied_migrations()]
    if not is_before_baseline(applied):
        return []
    name = connection.settings_dict["NAME"]
    return [
        Error(
            f"The database {name} was made by Clarify 0.16 or earlier, and this version upgrades those of 0.17.",
            hint="Nothing was changed. Upgrade that site to 0.17 first, and then to this version "
            "(docs/operators/upgrading.md).",
            id="annotations.E002",
        )
    ]
