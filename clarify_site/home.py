"""Where Clarify keeps its state: never beside the code of an installed copy."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNNING = Path("demo") / "settings.json"


def home() -> Path:
    """CLARIFY_HOME (the option `--home` of `clarify`), else `var/` of a checkout, else a folder of the user's data."""
    if given := os.environ.get("CLARIFY_HOME"):
        return Path(given).expanduser().resolve()
    if (ROOT / "pyproject.toml").exists():
        return ROOT / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "clarify"


def settings_of_the_running_demo() -> dict[str, str]:
    """The environment of the demo's site while it runs here, and nothing otherwise."""
    try:
        settings: dict[str, str] = json.loads((home() / RUNNING).read_text("utf-8"))
    except (FileNotFoundError, PermissionError):
        return {}
    return settings
