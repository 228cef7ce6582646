"""manage.py subscribe_prolific: have Prolific tell this site of every change of status of a submission or a study."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse

from annotations.management.plain_command import PlainCommand, writing
from annotations.prolific import site_client as prolific_client
from annotations.prolific import webhook_events as webhooks
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.prolific_errors import ProlificError

_STANDARD_OUTPUT = Path("-")


class Command(PlainCommand):
    help = (
        "Have Prolific tell this site whenever the status of a submission or of a study changes: subscribe to "
        "submission.status.change and study.status.change, and confirm it. Existing subscriptions stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", default=settings.PROLIFIC_WORKSPACE, help="default: PROLIFIC_WORKSPACE")
        parser.add_argument(
            "--new-secret",
            type=Path,
            metavar="FILE",
            help="a file that is not there yet, for a new secret that signs webhooks; an earlier one of the workspace "
            "ends. PROLIFIC_WEBHOOK_SECRET_FILE is to name it. - writes the secret, and nothing else, to standard "
            "output. Without this, the secret is left as it is",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        prolific = prolific_client.client()
        if prolific is None:
            raise CommandError(
                "PROLIFIC_TOKEN is not set, so Clarify cannot send requests to Prolific. Set it first "
                "(docs/coordinators/prolific.md)."
            )
        if not options["workspace"]:
            raise CommandError("The workspace is not known. Give its id with --workspace, or set PROLIFIC_WORKSPACE.")
        target_url = settings.SITE_URL + reverse("prolific_webhook")
        if not target_url.startswith("https://"):
            raise CommandError(
                f"Prolific sends webhooks only to https addresses, but SITE_URL leads to {target_url}. Set SITE_URL "
                "to an https address."
            )
        try:
            self._see_to_secret(prolific, options["workspace"], options["new_secret"])
            new = webhooks.subscribe(prolific, options["workspace"], target_url)
        except ProlificError as error:
            raise CommandError(f"Prolific: {error}") from error
        told = f"Subscribed to {', '.join(new)}" if new else "Already subscribed to everything"
        beside = self.stderr if options["new_secret"] == _STANDARD_OUTPUT else self.stdout
        beside.write(f"{told}, sent to {target_url}.")

    def _see_to_secret(self, prolific: Prolific, workspace_id: str, file: Path | None) -> None:
        if file == _STANDARD_OUTPUT:
            self.stdout.write(prolific.create_hook_secret(workspace_id))
        elif file is not None:
            self._make_secret(prolific, workspace_id, file)
        elif not prolific.has_hook_secret(workspace_id):
            raise CommandError("The workspace has no webhook secret. Create one with --new-secret FILE.")
        elif not settings.PROLIFIC_WEBHOOK_SECRET:
            self.stderr.write(
                "PROLIFIC_WEBHOOK_SECRET is not set, so this site would reject every webhook. Set it to the "
                "workspace's secret, or create a new one with --new-secret FILE."
            )

    def _make_secret(self, prolific: Prolific, workspace_id: str, file: Path) -> None:
        """The file is made first: a secret that cannot be kept would end the one in use."""
        with writing(file, "Name another file."):
            file.touch(mode=0o600, exist_ok=False)
        try:
            secret = prolific.create_hook_secret(workspace_id)
        except ProlificError:
            file.unlink()
            raise
        file.write_text(f"{secret}\n", "utf-8")
        self.stdout.write(
            f"The secret is in {file}. Set PROLIFIC_WEBHOOK_SECRET_FILE to this file, and restart the site."
        )
