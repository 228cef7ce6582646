"""Python imports this when a process starts that has this folder on its path: a role of a mutated round."""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests.chaos.mutations import MUTATIONS, VARIABLE, Change


class _Mutated(SourceFileLoader):
    def __init__(self, fullname: str, path: str, changes: Sequence[Change]) -> None:
        super().__init__(fullname, path)
        self._changes = changes

    def get_code(self, fullname: str) -> CodeType:
        """Compile the changed source, past the cache of compiled modules."""
        source = Path(self.path).read_text("utf-8")
        for change in self._changes:
            source = change.mutated(source)
        return compile(source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        changes = [change for change in self._changes if change.module == fullname]
        spec = PathFinder.find_spec(fullname, path) if changes else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Mutated(fullname, spec.origin, changes)
        return spec


sys.meta_path[:0] = [_Finder(mutation.changes) for mutation in MUTATIONS if mutation.name == os.environ.get(VARIABLE)]
