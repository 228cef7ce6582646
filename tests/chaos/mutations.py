"""Mutations: changes of the site's source that must make the check of `make chaos` fail.

A process whose environment has CHAOS_MUTATION loads the changed source, by `tests/chaos/startup/sitecustomize.py`.
Only the mutated rounds set that variable.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

VARIABLE = "CHAOS_MUTATION"
STARTUP = Path(__file__).with_name("startup")  # goes to the front of PYTHONPATH
LATER_S = 0.5


@dataclass(frozen=True)
class Change:
    """One text, which stands once in the source of a module, and what replaces it."""

    module: str
    before: str
    after: str

    def mutated(self, source: str) -> str:
        """Return the changed source. Raises ValueError where the text does not stand there once."""
        if source.count(self.before) != 1:
            raise ValueError(f"{self.module} does not have once: {self.before}")
        return source.replace(self.before, self.after)


@dataclass(frozen=True)
class Mutation:
    """what: completes “the site …”; finding: what the check must then say."""

    name: str
    what: str
    finding: str
    changes: tuple[Change, ...]


def later(store: Callable[..., object], *arguments: Any, **keywords: Any) -> None:
    """Store after the answer is on its way."""

    def run() -> None:
        try:
            store(*arguments, **keywords)
        finally:
            connection.close()

    threading.Timer(LATER_S, run).start()


_VIEW, _SCORING = "annotations.phrases.web.task_page", "annotations.phrases.scoring"
_GIVEN = "assignment, client_uuid=said, text=text, once=True, **how"
_PENDING = "Phrase.objects.filter(state=PhraseState.PENDING).order_by("
_BATCH = "pk__in=[phrase.pk for phrase in phrases]"

MUTATIONS = (
    Mutation(
        "early-answer",
        f"answers {LATER_S} s before it stores a phrase",
        "acknowledged and not stored",
        (
            Change(
                _VIEW,
                f"stored, _created = phrase_submission.submit({_GIVEN})",
                "from tests.chaos.mutations import later; "
                f"later(phrase_submission.submit, {_GIVEN}); return HttpResponse()",
            ),
        ),
    ),
    # The lock alone does no harm: behind it are the condition of the UPDATE and the one score that a phrase may have.
    Mutation(
        "no-lock",
        "scores without the lock, the condition on the state and the error for a second score",
        "scored twice",
        (
            Change(
                _SCORING,
                'list(due.select_for_update(of=("self",), no_key=True, skip_locked=True))',
                'list(due); __import__("time").sleep(0.3)',
            ),
            Change(_SCORING, f"{_BATCH}, state=PhraseState.PENDING)", f"{_BATCH})"),
            Change(_SCORING, "bulk_create(scores)", "bulk_create(scores, ignore_conflicts=True)"),
        ),
    ),
    Mutation(
        "no-outbox",
        "scores what a message has just announced, and sweeps up nothing",
        "stored and not scored",
        (
            Change(
                "clarify_site.settings",
                "for task, seconds in tasks.items())\n}",
                'for task, seconds in tasks.items())\n    if name != "worker.score_phrases"\n}',
            ),
            Change(
                _SCORING,
                _PENDING,
                _PENDING.replace(").order", ", submitted_at__gte=timezone.now() - dt.timedelta(seconds=2)).order"),
            ),
        ),
    ),
)
