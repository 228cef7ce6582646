"""manage.py add_staff NAME --role coordinator|analyst --study SLUG: an account of the staff and its role in a study."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from annotations.management.plain_command import PlainCommand, read_password
from annotations.models import Role
from annotations.staff import members
from annotations.studies import lifecycle

BY = "command line"


class Command(PlainCommand):
    help = (
        "Make a staff account if there is none, and give it a role in a study. Without --study the account can set up "
        "its own studies. The command asks for the password, or reads it from standard input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the account")
        parser.add_argument("--role", choices=Role.values, help="role in the study")
        parser.add_argument("--study", metavar="SLUG")

    def handle(self, *, name: str, role: str | None, study: str | None, **options: Any) -> None:
        if (role is None) != (study is None):
            raise CommandError("Give both --role and --study, or neither.")
        with transaction.atomic():
            found = None if study is None else lifecycle.find_study(study)
            made = _make(name)
            if found is not None and role is not None:
                members.add(found, name, Role(role), by=BY)
        parts = ["made the account" if made else "the account already existed", f"{role} of {study}" if role else ""]
        self.stdout.write(f"{name}: {', '.join(filter(None, parts))}")
        if made and settings.REQUIRE_TWO_FACTOR:
            self.stdout.write(members.FIRST_SIGN_IN)


def _make(name: str) -> bool:
    """Make the account unless there is one; returns whether it was made."""
    if User.objects.filter(username=name).exists():
        return False
    members.refuse_name(name)
    members.create(name, read_password(), by=BY)
    return True
