"""The pictures of the docs, taken anew where CLARIFY_SCREENSHOTS=1 asks for it: those that a page of the docs shows."""

import os
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "images"
_SHOWN = re.compile(r"!\[[^]]*\]\((?:docs/|\.\./)?images/([^)]+)\)")


def shown() -> set[str]:
    """The names of the files that README and docs show."""
    pages = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    return {name for page in pages for name in _SHOWN.findall(page.read_text("utf-8"))}


def keep(name: str, take: Callable[[], bytes]) -> None:
    """Keep a picture that the docs show under this name."""
    if os.environ.get("CLARIFY_SCREENSHOTS") == "1" and f"{name}.png" in shown():
        (FOLDER / f"{name}.png").write_bytes(take())
