"""Docstrings of the library: sectioned as in scikit-learn and NumPy, complete, and with examples that hold."""

import ast
import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import clarify_errors

ROOT = Path(clarify_errors.__file__).parent
SOURCES = {
    ".".join(["clarify_errors", *file.relative_to(ROOT).with_suffix("").parts]): file.read_text("utf-8")
    for file in sorted(ROOT.rglob("*.py"))
}
Documented = ast.FunctionDef | ast.ClassDef


def public(module: str) -> Iterator[tuple[str, Documented]]:
    """Public functions, classes and methods of a module, with their names."""
    nodes: list[tuple[str, ast.AST]] = [(module, ast.parse(SOURCES[module]))]
    while nodes:
        name, node = nodes.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Documented) and not child.name.startswith("_"):
                yield f"{name}.{child.name}", child
                if isinstance(child, ast.ClassDef):
                    nodes.append((f"{name}.{child.name}", child))


def parameters(node: Documented) -> list[str]:
    """What callers pass: a function's arguments, or a dataclass's fields."""
    if isinstance(node, ast.ClassDef):
        is_dataclass = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
        fields = (each.target for each in node.body if isinstance(each, ast.AnnAssign) and is_dataclass)
        return [each.id for each in fields if isinstance(each, ast.Name) and not each.id.startswith("_")]
    given = node.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return [each.arg for each in named if each.arg not in ("self", "cls")]


def described(docstring: str) -> set[str]:
    """The names that a docstring's sections describe: `a, b : int`, `**vectors : ndarray`."""
    lines = re.findall(r"^([\w*]+(?:, [\w*]+)*) : ", docstring, re.MULTILINE)
    return {name.strip("*") for line in lines for name in line.split(", ")}


def lacks(node: Documented) -> Iterator[str]:
    docstring = ast.get_docstring(node) or ""
    summary = docstring.split("\n", maxsplit=1)[0]
    if not summary.endswith(".") or len(summary) > 80:
        yield "a summary line of at most 80 characters that ends in a period"
    if re.search(r"^\w+ -{3,}", docstring, re.MULTILINE):
        yield "a section's title on a line of its own"
    yield from (f"the parameter {name}" for name in parameters(node) if name not in described(docstring))
    returns = isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(None))
    is_asked = returns not in ("None", "NoReturn", "Iterator[None]", False) and parameters(node)
    if is_asked and not re.search(r"^(Returns|Yields)\n-+$", docstring, re.MULTILINE):
        yield "what it returns"


def test_a_docstring_has_a_summary_its_parameters_and_what_is_returned() -> None:
    everything = [each for module in SOURCES for each in public(module)]
    assert {name: missing for name, node in everything if (missing := list(lacks(node)))} == {}


@pytest.mark.parametrize("module", [module for module, text in SOURCES.items() if ">>> " in text])
def test_the_examples_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0
