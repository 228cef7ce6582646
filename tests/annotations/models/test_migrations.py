"""Migrations keep up with the models."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from annotations.models import Run, Score, Study
from tests.actors import Visit
from tests.steps import end, submit_and_score


@pytest.mark.django_db
def test_no_change_of_a_model_lacks_its_migration() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_scores_and_runs_that_the_previous_version_writes_during_an_upgrade_are_accepted(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    end(alice)
    new: dict[Any, set[str]] = {
        Score: {"two_sided_threshold", "p_value", "p_method", "tries", "null_level", "sign", "subject"},
        Run: {"sign"},
    }
    for model, unknown in new.items():
        table = model._meta.db_table
        names = ", ".join(f.column for f in model._meta.concrete_fields if f.column not in unknown and f.column != "id")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"CREATE TEMPORARY TABLE old ON COMMIT DROP AS SELECT {names} FROM {table}")
            if model is Run:
                Score.objects.update(run=None)
            model.objects.all().delete()
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM old")
            cursor.execute("DROP TABLE old")
    score = Score.objects.get()
    assert (score.sign, score.subject, score.p_method, score.p_value, score.tries) == (1, "", "", None, None)
    assert (Run.objects.get().sign, score.phrase) == (1, phrase)


def test_a_study_that_an_older_version_writes_has_what_newer_ones_added(draft_study: Study) -> None:
    added = [field.column for field in Study._meta.concrete_fields if field.has_db_default()]
    assert {"comprehension_check", "end_questions", "failed_check_code", "failed_check_is_paid", "language"} <= set(
        added
    )
    names = ", ".join(
        str(field.column) for field in Study._meta.concrete_fields if field.column not in {*added, "id", "slug"}
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO annotations_study (slug, {names}) SELECT 'another', {names} FROM annotations_study"
        )
    another = Study.objects.get(slug="another")
    assert [getattr(another, field.name) for field in Study._meta.concrete_fields if field.column in added] == [
        field.get_default() for field in Study._meta.concrete_fields if field.column in added
    ]
