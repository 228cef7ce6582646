"""The command that counts the project's code lines counts code, and nothing else."""

from tests.support.code_lines import code_lines, python_lines, toml_lines

MODULE = '''"""What it is,
in two lines."""

import os  # why


# A remark.
def two_lines(name: str) -> str:
    """Return it."""

    return os.path.join(
        name,
    )
'''


def test_blank_lines_comments_and_docstrings_of_python_do_not_count() -> None:
    assert python_lines(MODULE) == 5
    assert python_lines('words = """one\ntwo"""\n') == 2  # text, and no docstring


def test_blank_lines_and_comments_of_toml_do_not_count() -> None:
    assert toml_lines('# why\n\n[columns.task]\ntype = "integer"  # from 1\n') == 2


def test_the_whole_stays_below_what_was_agreed() -> None:
    in_python, in_toml = code_lines()
    assert 0 < in_toml < in_python
    assert in_python + in_toml < 51_000
