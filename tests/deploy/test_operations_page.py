"""docs/operators/operations.md documents every environment variable, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = {
    "read.with_extra",
    "read.flag",
    "read.number",
    "read.percentage",
    "read.token",
    "read.url",
    "read.text",
    "read.names",
    "text",
    "os.environ.get",
}
SOURCES = (
    *(ROOT / "clarify_site").glob("*.py"),
    ROOT / "deploy" / "gunicorn.conf.py",
    ROOT / "deploy" / "local" / "demo.py",
)
# Read by the test plugin; set for libraries or tests, never read as a setting of ours.
OF_THE_TESTS = {"PYTEST_DB_SUFFIX"}
NOT_A_SETTING = {"OMP_NUM_THREADS", "DJANGO_SETTINGS_MODULE"}


def _variables_read(file: Path) -> Iterator[str]:
    """First argument of each call such as read.flag("DEBUG", False) or os.environ.get("PORT")."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in READERS:
            first = node.args[0]
            if isinstance(first, ast.Constant):  # a helper of environment.py reads a name that it is given
                yield str(first.value)


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    read = {name for file in SOURCES for name in _variables_read(file)} - NOT_A_SETTING
    settings = (ROOT / "docs" / "operators" / "operations.md").read_text("utf-8").split("## Settings")[1]
    documented = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", settings, re.M))
    assert {"SECRET_KEY", "DATABASE_URL", "WEB_THREADS"} <= read
    assert documented == read | OF_THE_TESTS
