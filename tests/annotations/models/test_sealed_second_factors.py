"""An upgrade seals the secrets of authenticator apps, and the tables that held them in clear are gone."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django_otp.oath import TOTP

from annotations.models import TotpDevice
from annotations.staff import two_factor
from tests.support.second_factor import code_of

migration = import_module("annotations.migrations.0009_sealed_second_factors")
SECRET = bytes(range(20))
_OLD_TABLES = """
CREATE TABLE otp_totp_totpdevice (
    id bigserial PRIMARY KEY, user_id integer, name varchar(64), confirmed boolean, key varchar(80), step smallint,
    t0 bigint, digits smallint, tolerance smallint, drift smallint, last_t bigint,
    throttling_failure_timestamp timestamptz, throttling_failure_count integer, created_at timestamptz
);
CREATE TABLE axes_accessattempt (id bigserial PRIMARY KEY, username varchar(255));
INSERT INTO django_migrations (app, name, applied) VALUES ('axes', '0001_initial', now());
"""


def migrate() -> None:
    editor = SimpleNamespace(connection=connection, execute=lambda sql: connection.cursor().execute(sql))
    migration.seal_secrets(apps, editor)
    migration.drop_old_tables(apps, editor)


@pytest.mark.django_db
def test_codes_of_an_app_from_before_still_let_in(coordinator: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_TABLES)
        cursor.execute(
            "INSERT INTO otp_totp_totpdevice (user_id, name, confirmed, key, drift, last_t, throttling_failure_count)"
            " VALUES (%s, 'app', true, %s, 0, 7, 0)",
            [coordinator.pk, SECRET.hex()],
        )
    migrate()
    device = TotpDevice.objects.get()
    assert device.last_step == 7 and SECRET not in bytes(device.sealed_secret)
    assert int(code_of(coordinator)) == TOTP(SECRET).token()
    assert two_factor.verify(coordinator, code_of(coordinator)) == device


@pytest.mark.django_db
def test_the_old_tables_and_their_migrations_are_gone(coordinator: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_TABLES)
    migrate()
    assert not [name for name in connection.introspection.table_names() if name.startswith(("axes", "otp_totp"))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app IN ('axes', 'otp_totp')")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_a_new_database_has_nothing_to_seal() -> None:
    migrate()
    assert not TotpDevice.objects.exists()
