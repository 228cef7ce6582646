"""The tests of the rooms that a branch changed, and of the rooms after them: `make test-changed`.

Rooms stand in the order of docs/contributors/architecture.md, in which each one imports only those before it.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAP = (ROOT / "docs" / "contributors" / "architecture.md").read_text("utf-8")
_ROOMS = MAP.partition("Rooms in order:")[2].partition("The folders of `clarify_errors`")[0]
ROOMS = re.findall(r"`((?:annotations|worker)(?:/\w+)*)`", _ROOMS)
# Folders of the app itself whose files any room after the named one may use.
_USED_AFTER = {
    "annotations/migrations": "annotations/models",
    **dict.fromkeys(
        ("annotations/templates", "annotations/templatetags", "annotations/static", "annotations/locale"),
        "annotations/pages",
    ),
}
_EVERYTHING = ("modeling", "clarify_site", "tests/support", "tests/conftest.py", "pyproject.toml", "deploy/lock.txt")


def room_at(path: str) -> str:
    """Return the room in which a file lies; empty outside all."""
    return max((room for room in ROOMS if _is_in(path, room)), key=len, default="")


def asked_for(changed: Iterable[str], tests: Iterable[str]) -> list[str]:
    """Choose among the files of tests those that changed files ask for.

    Parameters
    ----------
    changed
        Paths from the root of the repository, also of files that are gone.
    tests
        Paths of all files with tests.

    Returns
    -------
    list of str
        Sorted; `["tests"]` for all. A file with tests asks for itself. Another file of a room asks for the room and
        those after it. What every room stands on asks for all.
    """
    tests, named, first = [*tests], set[str](), len(ROOMS)
    for path in changed:
        place = path.removeprefix("tests/")
        if any(_is_in(path, each) for each in _EVERYTHING):
            return ["tests"]
        if path.startswith("tests/") and Path(path).name.startswith("test_"):
            named.add(path)
            continue
        room = next((room for folder, room in _USED_AFTER.items() if _is_in(place, folder)), room_at(place))
        if room:
            first = min(first, ROOMS.index(room))
        elif path.startswith("tests/"):  # what the tests of a folder share
            named |= {test for test in tests if _is_in(test, str(Path(path).parent))}
    return sorted(
        test
        for test in tests
        if test in named or ((room := room_at(test.removeprefix("tests/"))) and ROOMS.index(room) >= first)
    )


def changed_files(main: str = "main") -> list[str]:
    """List what changed since the branch left `main`, in its commits and in the working tree; new files too."""
    since = _git("merge-base", main, "HEAD")[0]
    return [
        *_git("diff", "--name-only", "--no-renames", since),
        *_git("ls-files", "--others", "--exclude-standard"),
    ]


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split(
        "\n"
    )


def _is_in(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def main() -> None:
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    try:
        changed = changed_files()
    except subprocess.CalledProcessError:  # git has said why
        sys.exit("`make test-changed` compares with the branch main of this repository. Use `make test` instead.")
    print("\n".join(asked_for(filter(None, changed), tests)))


if __name__ == "__main__":
    main()
