"""Tokens by which the staff's programs read the API, as digests."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0042_drop_the_feature_encoder_of_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            "AccessToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, help_text="what it is for, as its person says")),
                (
                    "digest",
                    models.CharField(
                        max_length=64, unique=True, help_text="SHA-256 of the token, which is 256 random bits"
                    ),
                ),
                (
                    "is_verified",
                    models.BooleanField(help_text="whether the sign-in that made it had a second factor"),
                ),
                (
                    "sign_in_hash",
                    models.CharField(max_length=64, help_text="of the password then: another password ends the token"),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.AddConstraint(
            "accesstoken",
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="access_token_expires_later"),
        ),
        migrations.AddConstraint(
            "accesstoken", models.CheckConstraint(condition=~Q(name=""), name="access_token_has_name")
        ),
    ]
