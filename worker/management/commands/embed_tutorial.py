"""Makes the tutorial's similarities again, after its pictures or the bundled encoder have changed."""

import json
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandParser

from annotations.management.commands.draw_tutorial import FOLDER
from annotations.management.plain_errors import plain_errors
from annotations.readings.visits.tutorial_words import FILE
from worker.visits.tutorial_words import tutorial_words


class Command(BaseCommand):
    help = "Score the words that the participants' tutorial knows on its pictures, with the bundled encoder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, default=FILE, help="where the JSON goes")

    def handle(self, *, file: Path, **options: Any) -> None:
        with plain_errors():
            words = tutorial_words(FOLDER)
        rows = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in words["similarities"].items())
        head = json.dumps({"record": words["record"], "synonyms": words["synonyms"]}, indent=1, ensure_ascii=False)
        file.write_text(head.removesuffix("\n}") + ',\n "similarities": {\n' + ",\n".join(rows) + "\n }\n}\n", "utf-8")
        self.stdout.write(f"Scored {len(words['similarities'])} phrases of {len(words['synonyms'])} words into {file}")
