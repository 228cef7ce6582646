"""`make test-changed` runs the tests of what changed and of what comes after; folders need no `tests/` in front."""

from pathlib import Path

import pytest

from tests.support.changed_rooms import ROOMS, ROOT, asked_for, changed_files, room_at
from tests.support.named_folders import below_tests

TESTS = [
    "tests/access/test_matrix.py",
    "tests/annotations/base/test_tables.py",
    "tests/annotations/models/test_phrase.py",
    "tests/annotations/pages/test_records.py",
    "tests/annotations/payments/test_bonuses.py",
    "tests/annotations/releases/tables/test_rows.py",
    "tests/annotations/releases/test_download.py",
    "tests/annotations/test_templates.py",
    "tests/modeling/test_docstrings.py",
    "tests/test_architecture.py",
    "tests/worker/results/test_analyses.py",
    "tests/worker/test_tasks.py",
]
AFTER_PAYMENTS = [TESTS[place] for place in (4, 5, 6, 7, 10, 11)]


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("annotations/payments/bonuses.py", AFTER_PAYMENTS),
        ("annotations/payments/staff_pages/a_page_that_is_gone.py", AFTER_PAYMENTS),
        ("tests/annotations/payments/conftest.py", AFTER_PAYMENTS),
        ("annotations/releases/download.py", [TESTS[place] for place in (6, 7, 10, 11)]),
        ("annotations/releases/tables/table_rows.py", [TESTS[place] for place in (5, 6, 7, 10, 11)]),
        ("annotations/migrations/0001_initial.py", [TESTS[place] for place in (2, 3, 4, 5, 6, 7, 10, 11)]),
        ("annotations/templates/annotations/task.html", [TESTS[place] for place in (3, 4, 5, 6, 7, 10, 11)]),
        ("annotations/urls.py", [TESTS[place] for place in (7, 10, 11)]),
        ("worker/results/analyses.py", TESTS[-2:]),
        ("worker/celery_app.py", TESTS[-1:]),
        ("tests/annotations/payments/test_bonuses.py", [TESTS[4]]),
        ("tests/access/world.py", [TESTS[0]]),
        ("modeling/clarify_errors/arrays/phrases/phrase_text.py", ["tests"]),
        ("clarify_site/settings.py", ["tests"]),
        ("tests/support/actors.py", ["tests"]),
        ("pyproject.toml", ["tests"]),
        ("docs/index.md", []),
        ("tests/annotations/payments/test_that_is_gone.py", []),
    ],
)
def test_a_changed_file_asks_for_the_tests_of_its_room_and_of_those_after_it(changed: str, tests: list[str]) -> None:
    assert asked_for([changed], TESTS) == tests


def test_of_several_rooms_the_first_counts() -> None:
    changed = ["worker/results/analyses.py", "tests/test_architecture.py", "annotations/payments/bonuses.py"]
    assert asked_for(changed, TESTS) == sorted([*AFTER_PAYMENTS, "tests/test_architecture.py"])


def test_each_file_of_the_app_and_of_the_workers_lies_in_a_room() -> None:
    files = [
        path.relative_to(ROOT).as_posix()
        for package in ("annotations", "worker")
        for path in ROOT.glob(f"{package}/**/*.py")
    ]
    assert len(files) > 300 and all(room_at(file) in ROOMS for file in files)


def test_a_new_file_has_changed() -> None:
    new = ROOT / "tests" / "new_file_of_a_test.txt"
    new.touch()
    try:
        assert new.relative_to(ROOT).as_posix() in changed_files("HEAD")
    finally:
        new.unlink()


def test_a_folder_below_tests_is_found_without_the_prefix(tmp_path: Path) -> None:
    for folder in ("annotations/payments", "tests/annotations/payments"):  # the room itself has the same name
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests/test_map.py").touch()
    named = ["annotations/payments", "tests/annotations", "test_map.py::test_of_it[a::b]", "elsewhere"]
    assert below_tests(named, tmp_path) == [
        "tests/annotations/payments", "tests/annotations", "tests/test_map.py::test_of_it[a::b]", "elsewhere",
    ]  # fmt: skip
