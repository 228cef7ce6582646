"""Captions of a class in which wrong images say one thing more often than right ones."""

import numpy as np

NOUNS = ("heron", "crane", "stork", "river", "meadow", "bridge", "forest", "harbour", "garden", "mountain", "village")
PLANTED = "rain"


def planted(seed: int, *, often: float = 0.7) -> tuple[list[str], list[str]]:
    """Captions of 60 right and 60 wrong images, `often` of the wrong and 2% of the right in the rain."""
    rng = np.random.default_rng(seed)

    def caption(share: float) -> str:
        words = f"a {rng.choice(NOUNS)} beside a {rng.choice(NOUNS)}"
        return f"{words} in the {PLANTED}" if rng.random() < share else f"{words} in the {rng.choice(NOUNS)}"

    return [caption(0.02) for _ in range(60)], [caption(often) for _ in range(60)]
