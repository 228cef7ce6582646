"""Secrets of authenticator apps are sealed, and django-axes' tables go: wrong passwords are counted in Redis.

The old tables are dropped at once, because one holds the secrets in clear. Their entries in django_migrations go too,
so that a version that needs the tables makes them again.
"""

from binascii import unhexlify
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import migrations, models

_READ = """
SELECT user_id, name, confirmed, throttling_failure_timestamp, throttling_failure_count, drift, last_t, key
FROM otp_totp_totpdevice ORDER BY id
"""
_DROP = """
DROP TABLE IF EXISTS otp_totp_totpdevice, axes_accessattemptexpiration, axes_accessattempt, axes_accesslog,
    axes_accessfailurelog;
DELETE FROM django_migrations WHERE app IN ('otp_totp', 'axes');
"""


def seal_secrets(apps: Any, schema_editor: Any) -> None:
    """Copy each device, its secret sealed, where this database has them in clear."""
    connection = schema_editor.connection
    if "otp_totp_totpdevice" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        rows = cursor.fetchall()
    site, devices = Fernet(settings.IDENTITY_KEYS[0]), apps.get_model("annotations", "TotpDevice").objects
    for user_id, name, confirmed, failed_at, n_failed, drift, last_step, key in rows:
        devices.create(
            user_id=user_id,
            name=name,
            confirmed=confirmed,
            throttling_failure_timestamp=failed_at,
            throttling_failure_count=n_failed,
            drift=drift,
            last_step=last_step,
            sealed_secret=site.encrypt(unhexlify(key)),
        )


def drop_old_tables(apps: Any, schema_editor: Any) -> None:
    """Drop the tables of the applications that are no longer installed."""
    schema_editor.execute(_DROP)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("annotations", "0008_append_only"),
    ]
    operations = [
        migrations.CreateModel(
            name="TotpDevice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="The human-readable name of this device.", max_length=64)),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                (
                    "throttling_failure_timestamp",
                    models.DateTimeField(
                        blank=True,
                        default=None,
                        help_text="A timestamp of the last failed verification attempt. Null if last attempt "
                        "succeeded.",
                        null=True,
                    ),
                ),
                (
                    "throttling_failure_count",
                    models.PositiveIntegerField(default=0, help_text="Number of successive failed attempts."),
                ),
                ("sealed_secret", models.BinaryField(help_text="sealed under the site's IDENTITY_KEYS")),
                (
                    "drift",
                    models.SmallIntegerField(
                        default=0, help_text="half minutes that the app's clock is known to be early"
                    ),
                ),
                (
                    "last_step",
                    models.BigIntegerField(
                        default=-1, help_text="half minutes since 1970 of the last code that was used"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        help_text="The user that this device belongs to.",
                        on_delete=models.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.RunPython(seal_secrets, migrations.RunPython.noop),
        migrations.RunPython(drop_old_tables, migrations.RunPython.noop),
    ]
