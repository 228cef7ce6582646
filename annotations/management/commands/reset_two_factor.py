"""manage.py reset_two_factor NAME: switch a person's second factor off, when phone and recovery codes are lost."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from annotations.management.plain_command import PlainCommand
from annotations.staff import two_factor


class Command(PlainCommand):
    help = "Switch the second factor of an account off. First make sure that its owner asks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the account")

    def handle(self, *, name: str, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            known = ", ".join(User.objects.order_by("username").values_list("username", flat=True)) or "none"
            raise CommandError(f"There is no account {name!r}. Known accounts: {known}.")
        two_factor.switch_off(user, by="command line")
        way_on = "sets up a new app at the next sign-in"
        if not settings.REQUIRE_TWO_FACTOR:
            way_on = "signs in with the password only, until two-factor sign-in is switched on again"
        self.stdout.write(f"{name} {way_on}")
