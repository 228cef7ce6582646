"""axe-core's script as a file of the site: a browser keeps it, and what it compiled of it, for the next page."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.base import AXE_FILE_NAME, AXE_FILE_PATH
from django.contrib.staticfiles.finders import BaseFinder


class AxeFinder(BaseFinder):
    """Finds the script by its name, and lists none: no test takes it for a file of ours."""

    def find(self, path: str, find_all: bool = False) -> Any:
        found = [str(AXE_FILE_PATH)] if path == AXE_FILE_NAME else []
        return found if find_all or not found else found[0]

    def list(self, ignore_patterns: Any) -> Iterator[Any]:
        return iter(())
