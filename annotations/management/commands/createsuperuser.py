"""manage.py createsuperuser: an operator's account. Django's own command lets a weak password pass."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from annotations.management.passwords import read_password
from annotations.management.plain_command import PlainCommand
from annotations.services.staff import members


class Command(PlainCommand):
    help = (
        "Makes the account of an operator, who sees and runs every study. The password is asked for, or read from "
        "standard input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", help="of the account; asked for otherwise")
        parser.add_argument("--email", default="", help="of the operator")

    def handle(self, *, username: str | None, email: str, **options: Any) -> None:
        name = username or input("Username: ")
        members.refuse_name(name)
        members.create(name, read_password(), by="command line", email=email, is_operator=True)
        self.stdout.write(f"{name}: made the operator's account")
        if settings.REQUIRE_TWO_FACTOR:
            self.stdout.write(members.FIRST_SIGN_IN)
