"""Migrations keep up with the models, and a database of Clarify 0.16 or earlier is refused."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import post_migrate

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorder() -> MigrationRecorder:
    return MigrationRecorder(connection)


def test_no_change_of_a_model_lacks_its_migration() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_a_database_of_an_earlier_version_is_refused_and_left_as_it_is(recorder: MigrationRecorder) -> None:
    recorder.migration_qs.filter(app="annotations").delete()
    for name in ("0001_datasets", "0047_limits_from_the_images"):
        recorder.record_applied("annotations", name)
    before = recorder.applied_migrations().keys()
    with pytest.raises(SystemCheckError, match=r"annotations.E002.*made by Clarify 0\.16 or earlier") as refused:
        call_command("migrate", skip_checks=False, verbosity=0)
    assert "Upgrade that site to 0.17 first" in str(refused.value)
    assert recorder.applied_migrations().keys() == before


def test_a_database_of_a_later_version_is_no_earlier_one(recorder: MigrationRecorder) -> None:
    recorder.record_applied("annotations", "9999_of_the_next_version")
    call_command("check", databases=["default"])


def test_a_statement_of_a_migration_may_take_as_long_as_it_needs() -> None:
    limits: list[str] = []

    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    def look(**_: object) -> None:
        limits.append(limit())

    before = limit()
    post_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0)
    finally:
        post_migrate.disconnect(look)
    assert set(limits) == {"0"}
    assert limit() == before == "30s"
