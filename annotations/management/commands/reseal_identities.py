"""manage.py reseal_identities: seal keys and tokens under the newest of IDENTITY_KEYS, so that an older one can go."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations.log import key_rotation
from annotations.management.plain_command import PlainCommand
from annotations.system_checks import PUT_IT_BACK, unreadable


class Command(PlainCommand):
    help = (
        "Seal keys, tokens and the staff's app secrets anew under the newest of IDENTITY_KEYS. See "
        "docs/operators/operations.md, “Changing IDENTITY_KEYS”."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count the keys and tokens, and change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if not dry_run:
            self.stdout.write(f"Sealed {key_rotation.reseal():,} keys and tokens anew.")
        seals = key_rotation.count()
        self.stdout.write(f"Under the newest of IDENTITY_KEYS: {seals.newest:,}. Under an older one: {seals.older:,}.")
        if seals.unknown:
            raise CommandError(f"{unreadable(seals.unknown)} {PUT_IT_BACK}")
        if seals.older and not dry_run:
            raise CommandError(
                "New keys are still being sealed under an older key because a role runs with the earlier "
                "IDENTITY_KEYS. Restart every role with the new setting, then run this command again."
            )
        if not seals.older:
            self.stdout.write("The older keys are now needed only for earlier back-ups. Remove them from the setting.")
