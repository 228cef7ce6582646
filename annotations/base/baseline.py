"""The first schema that later versions upgrade (docs/decisions/0024)."""

from collections.abc import Collection

BASELINE = "annotations.0001_datasets"


def is_before_baseline(migrations: Collection[str]) -> bool:
    """Return whether applied migrations, each "app.name", are those of Clarify 0.9 or earlier."""
    return BASELINE not in migrations and any(name.startswith("annotations.") for name in migrations)
