"""Code lines of the project: `python -m tests.support.code_lines` prints those of Python, of TOML, and of both.

Blank lines, comments, docstrings, tests, docs, migrations and pyproject.toml do not count (decision 0106).
"""

import ast
import io
import subprocess
import tokenize
from pathlib import Path

from tests.test_architecture import ROOT

_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def python_lines(source: str) -> int:
    """Return the number of lines that hold code: neither blank, nor only a comment, nor of a docstring."""
    docstrings = set[int]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            docstrings.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for token in tokens if token.type not in _NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(code - docstrings)


def toml_lines(source: str) -> int:
    """Return the number of lines that are neither blank nor a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines())


def code_lines() -> tuple[int, int]:
    """Return the code lines of Python and of TOML that git tracks and the folder has."""
    listed = subprocess.run(["git", "ls-files", "*.py", "*.toml"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [Path(name) for name in listed.stdout.splitlines()]
    counted = [path for path in paths if path.parts[0] not in ("tests", "docs") and (ROOT / path).exists()]
    python = (path for path in counted if path.suffix == ".py" and "migrations" not in path.parts)
    toml = (path for path in counted if path.suffix == ".toml" and path.name != "pyproject.toml")
    return (
        sum(python_lines((ROOT / path).read_text("utf-8")) for path in python),
        sum(toml_lines((ROOT / path).read_text("utf-8")) for path in toml),
    )


if __name__ == "__main__":
    in_python, in_toml = code_lines()
    print(f"Python {in_python:,}, TOML {in_toml:,}, together {in_python + in_toml:,}")
