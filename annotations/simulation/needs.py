"""What simulated participants need beyond the site's own libraries."""

from importlib.util import find_spec

MISSING = (
    "Simulated participants need the package beautifulsoup4, which is not installed here. It comes with Clarify's "
    "extra “worker”: pip install 'clarify[worker]'."
)


def are_met() -> bool:
    """Say whether simulated participants can be sent from this process."""
    return find_spec("bs4") is not None
