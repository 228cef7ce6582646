"""Rows that `manage.py recompute` looks at, changed behind its back, and what it tells then."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Run, Score


def score_of(text: str) -> Score:
    return Score.objects.filter(phrase__text=text).order_by("pk")[0]


def run_of(text: str) -> Run:
    return Run.objects.filter(phrase_text=text).order_by("pk")[0]


def change(row: Score | Run, **values: object) -> None:
    type(row).objects.filter(pk=row.pk).update(**values)


def told(*arguments: object) -> str:
    """What the command prints where something comes out differently."""
    output = io.StringIO()
    with pytest.raises(CommandError, match="differ from what is stored") as ended:
        call_command("recompute", *map(str, arguments), stdout=output)
    assert ended.value.returncode == 1
    return output.getvalue()
