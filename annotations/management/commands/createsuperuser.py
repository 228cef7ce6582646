"""manage.py createsuperuser: an operator's account. Django's own command lets a weak password pass."""

from typing import Any

from django.conf import settings

from annotations.management.plain_command import PlainCommand, read_password
from annotations.staff import members


class Command(PlainCommand):
    def handle(self, *, username: str | None, email: str, **options: Any) -> None:
        name = username or input("Username: ")
        members.refuse_name(name)
        members.create(name, read_password(), by="command line", email=email, is_operator=True)
        self.stdout.write(f"{name}: made the operator's account")
        if settings.REQUIRE_TWO_FACTOR:
            self.stdout.write(members.FIRST_SIGN_IN)
