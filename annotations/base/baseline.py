"""The oldest schema that this version upgrades: that of Clarify 0.17 (docs/decisions/0099)."""

from collections.abc import Collection

BASELINE = "annotations.0001_baseline_of_0_17"
LAST_OF_0_17 = "annotations.0048_heads_are_files"


def is_before_baseline(migrations: Collection[str]) -> bool:
    """Return whether applied migrations, each "app.name", are those of Clarify 0.16 or earlier."""
    later = {BASELINE, LAST_OF_0_17}.intersection(migrations)
    return not later and any(name.startswith("annotations.") for name in migrations)
