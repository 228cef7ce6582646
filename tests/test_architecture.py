"""Imports go one way, and the web process stays light (docs/contributors/architecture.md)."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("modeling/clarify_errors", "annotations", "worker", "clarify_site", "deploy", "tests")
HEAVY = ("torch", "torchvision", "open_clip", "faiss")
STATISTICS = ("scipy", "statsmodels", "pandas")  # of the worker that computes them (decision 40)
SITE = ("clarify_site.settings", "clarify_site.urls", "clarify_site.wsgi")  # the Celery application is for all
# What may not be imported from where.
FORBIDDEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("modeling", ("annotations", "worker", "clarify_site", "deploy", "tests", "django", "celery")),
    ("modeling/clarify_errors/arrays", ("clarify_errors.tensors", "transformers", "sklearn", *HEAVY)),
    ("annotations", ("worker", *SITE, "deploy", "tests", "clarify_errors.tensors", *HEAVY)),
    ("worker", (*SITE, "deploy", "tests")),
    ("clarify_site", ("worker", "clarify_errors", "deploy", "tests", *HEAVY)),
)


@cache
def imports(file: Path) -> tuple[str, ...]:
    """Every module that a file imports, also within a function; `from a import b` counts as a and as a.b."""
    return tuple(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            yield from (str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names))


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize(("folder", "forbidden"), FORBIDDEN)
def test_imports_go_one_way(folder: str, forbidden: tuple[str, ...]) -> None:
    broken = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for module in imports(file)
        if any(_is_within(module, package) for package in forbidden)
    ]
    assert not broken


def test_every_package_of_the_map_is_there() -> None:
    assert [name for name in PACKAGES if not (ROOT / name / "__init__.py").exists()] == []


WEB_PROCESS = """
import sys
from django.test import Client
from django.urls import get_resolver
from clarify_site.wsgi import application

def resolve(patterns):
    for pattern in patterns:
        assert pattern.callback or pattern.url_patterns
        resolve(getattr(pattern, "url_patterns", []))

resolve(get_resolver().url_patterns)
assert Client().get("/livez").status_code == 200
assert Client().get("/study/no-such-study/").status_code == 404
print(*sorted(name for name in sys.modules if name.split(".")[0] in {heavy}))
"""


@pytest.mark.django_db(transaction=True)
def test_the_web_process_never_loads_torch_or_faiss(subprocess_environment: dict[str, str]) -> None:
    script = WEB_PROCESS.replace("{heavy}", repr({*HEAVY, *STATISTICS, "altair", "vl_convert"}))
    done = subprocess.run([sys.executable, "-c", script], env=subprocess_environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


# What the process of a queue does not load, since nothing that it does needs it.
NOT_LOADED = {
    "interactive": {"open_clip", "transformers", "sklearn", "pyarrow", "altair", "vl_convert"},
    "retrain": {"open_clip", "transformers", "altair", "vl_convert"},
    "embed": {"open_clip", "transformers"},  # releases have clusters of what nobody has named
    "maintenance": {*HEAVY, *STATISTICS, "transformers", "sklearn", "pyarrow", "altair", "vl_convert"},
    "outside": {*HEAVY, *STATISTICS, "transformers", "sklearn", "pyarrow", "altair", "vl_convert"},
    "analysis": {*HEAVY, "transformers"},  # statsmodels loads pandas, which loads pyarrow
}
# A later queue of a process may load whatever an earlier one may, so what the process lacks, each queue has not loaded.
IN_ONE_PROCESS = [["maintenance", "outside", "interactive", "retrain", "embed"], ["maintenance", "analysis"]]
# Each queue is loaded by a fork of the process that loaded the one before. Half the time would go into collections of
# what stays, and into taking down what was loaded.
WORKER = """
import gc, importlib, json, os, sys
gc.disable()
import django
django.setup()

def load(chains):
    for queue in dict.fromkeys(chain[0] for chain in chains):
        forked = os.fork()
        if forked:
            assert os.waitpid(forked, 0)[1] == 0, queue
            continue
        importlib.import_module(f"worker.tasks.{queue}")
        print(json.dumps([queue, sorted(sys.modules)]), flush=True)
        load([chain[1:] for chain in chains if chain[0] == queue and chain[1:]])
        os._exit(0)

load(json.loads(sys.argv[1]))
"""


def test_a_worker_loads_what_takes_seconds_only_where_its_queue_needs_it() -> None:
    for queues in IN_ONE_PROCESS:
        assert all(NOT_LOADED[later] <= NOT_LOADED[earlier] for earlier, later in pairwise(queues))
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    command = [sys.executable, "-c", WORKER, json.dumps(IN_ONE_PROCESS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = dict(json.loads(line) for line in done.stdout.splitlines())
    assert {queue: names.intersection(loaded[queue]) for queue, names in NOT_LOADED.items()} == {
        queue: set() for queue in NOT_LOADED
    }


# Of a file that has the word nowhere else than where a line begins with an import, no statement needs to be looked at.
ELSEWHERE = re.compile(r"^(?!import |from ).*\bimport\b", re.MULTILINE)
SETTING = ("setattr", "delattr", "object", "patch")
# The one place where a module is imported when it is needed: encoders, whose libraries may be absent and load slowly.
ENCODER_REGISTRY = "modeling/clarify_errors/tensors/encoders/specs.py"
# Where a module is imported by its name.
BY_NAME = {
    "clarify_site/settings.py",  # the extra that reports errors, where that is asked for
    "annotations/apps.py",  # checks import models, which Django has loaded by then
    "deploy/local/stack.py",  # the models' settings need the servers that are started here
    "modeling/clarify_errors/__init__.py",  # its public names, so that importing it loads neither torch nor pandas
    # Extras, and somebody else's encoder, captioner or source of keywords.
    "modeling/clarify_errors/arrays/common/foreign_modules.py",
    "worker/datasets/ray_engine.py",  # an extra
}


def test_every_import_stands_at_the_top_of_its_module() -> None:
    within = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if str(file.relative_to(ROOT)) != ENCODER_REGISTRY and ELSEWHERE.search(file.read_text("utf-8"))
        for node in _imports_below_the_top(file)
    ]
    assert not within


def _imports_below_the_top(file: Path) -> Iterator[ast.stmt]:
    """Every import statement within a function, a condition or another block, but for those that only types need."""
    for block in ast.parse(file.read_text("utf-8")).body:
        only_types = isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        if not only_types and not isinstance(block, ast.Import | ast.ImportFrom):
            yield from (node for node in ast.walk(block) if isinstance(node, ast.Import | ast.ImportFrom))


def test_a_module_is_imported_by_name_only_where_it_cannot_be_otherwise() -> None:
    files = [file for package in PACKAGES if package != "tests" for file in (ROOT / package).rglob("*.py")]
    assert {str(file.relative_to(ROOT)) for file in files if "import_module(" in file.read_text("utf-8")} == BY_NAME


def _sets_a_private_name(call: ast.Call) -> bool:
    """Say whether a call is `monkeypatch.setattr(module, "_name", …)`, or one with the name at the end of a path."""
    is_setting = isinstance(call.func, ast.Attribute) and call.func.attr in SETTING
    names = [each.value for each in call.args[:2] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    last_parts = [name.rpartition(".")[2] for name in names]
    return is_setting and any(part.startswith("_") and not part.startswith("__") for part in last_parts)


def test_no_test_sets_a_private_name() -> None:
    texts = ((file, file.read_text("utf-8")) for file in (ROOT / "tests").rglob("*.py"))
    setting = ((file, text) for file, text in texts if any(f".{name}(" in text for name in SETTING))
    nodes = ((file, node) for file, text in setting for node in ast.walk(ast.parse(text)))
    calls = ((file, node) for file, node in nodes if isinstance(node, ast.Call))
    assert [f"{file}:{call.lineno}" for file, call in calls if _sets_a_private_name(call)] == []
