"""manage.py review_slices STUDY: a vision-language model says whether the images that phrases select show them."""

from typing import Any

from django.core.management import CommandError, CommandParser

from annotations.log import audit
from annotations.management.plain_command import PlainCommand
from annotations.studies.lifecycle import find_study
from worker.common.progress_bars import ProgressBars
from worker.pools.slice_reviewers import review_slices
from worker.research.keywords.plug_ins import load_plug_in

_BUILT_IN = {"chat": "clarify_errors.arrays.keywords.chat_reviewer"}


class Command(PlainCommand):
    help = (
        "Let a vision-language model of yours answer the slice checks of a study, which “Gather images” makes without "
        "a pool. It stands among the reviewers. See docs/analysts/files.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="as in the participants' link")
        parser.add_argument("--by", required=True, metavar="SPEC", help="chat, or python:MODULE:FACTORY")
        parser.add_argument(
            "--consented",
            action="store_true",
            help="the study's consent says that such a model may get what participants write",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["consented"]:
            raise CommandError(
                "The model would get phrases of participants. Add --consented if the study's consent says so."
            )
        with ProgressBars() as progress:
            study, reviewer = find_study(options["study"]), load_plug_in(options["by"], _BUILT_IN, ("holds",))
            audit.record("slices_reviewed", study, by="command", reviewer=reviewer.name)
            n, left_out = review_slices(study, reviewer, progress)
        self.stdout.write(f"{reviewer.name} judged {n:,} image{'' if n == 1 else 's'} of {study}.")
        for each in left_out:
            self.stdout.write(f"Left out: {each}")
