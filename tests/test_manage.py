"""What every command says when the database does not answer."""

import os

import pytest

from tests.support import forked


@pytest.mark.parametrize("command", [["export_study", "birds"], ["create_study", "birds", "--base-model", "a/b"]])
def test_a_command_without_a_database_ends_in_one_sentence(command: list[str]) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}
    done = forked.run(forked.MANAGE, *command, environment=environment)
    assert done.returncode == 1
    assert done.stdout == ""
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("The database does not answer (")
    assert sentence.endswith("Is PostgreSQL running, and is DATABASE_URL right?")
