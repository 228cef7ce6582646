"""manage.py createsuperuser: an operator's account. Django's own command lets a weak password pass."""

from typing import Any

from django.conf import settings
from django.core.management import CommandParser

from annotations.management.plain_command import PlainCommand, read_password
from annotations.staff import members


class Command(PlainCommand):
    help = (
        "Make the account of an operator, who sees and runs every study. The command asks for the password, or reads "
        "it from standard input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", help="name of the account; without it, the command asks for one")
        parser.add_argument("--email", default="", help="address of the operator")

    def handle(self, *, username: str | None, email: str, **options: Any) -> None:
        name = username or input("Username: ")
        members.refuse_name(name)
        members.create(name, read_password(), by="command line", email=email, is_operator=True)
        self.stdout.write(f"{name}: made the operator's account")
        if settings.REQUIRE_TWO_FACTOR:
            self.stdout.write(members.FIRST_SIGN_IN)
