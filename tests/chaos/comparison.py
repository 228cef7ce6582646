"""What people were told beside what is stored: of all that was acknowledged, nothing lost, doubled or without a score.

And each file that a row names, heads and predictions, is in the data store, with the content that its name says.

Import it once Django is set up.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count

from annotations.base import unnamed_files
from annotations.base.data_store.folder_store import BadStoredFile
from annotations.base.data_store.stored_files import data_store
from annotations.log.replay import LogCheck
from annotations.models import Event, Phrase, PhraseState, Run, RunState, Score, Study, event_kinds

MAX_NAMED = 5


@dataclass(frozen=True)
class Comparison:
    """Numbers of phrases, by client uuid. Where `wrong` is empty, acknowledged = stored = scored, one score each.

    unacknowledged: stored, and nobody was told in the end; only where the last answer got lost. files: that rows name.
    """

    acknowledged: int
    stored: int
    scored: int
    unacknowledged: int
    runs: int
    files: int
    wrong: tuple[str, ...]


def compare(study: Study, sent: Collection[uuid.UUID], acknowledged: Collection[uuid.UUID]) -> Comparison:
    """Compare what people sent and what they were told with a study's tables and its log, once all work is done."""
    here = {"assignment__session__study": study}
    stored = Counter(Phrase.objects.filter(**here).values_list("client_uuid", flat=True))
    scored = set(
        Score.objects.filter(phrase__assignment__session__study=study).values_list("phrase__client_uuid", flat=True)
    )
    unscored = Phrase.objects.filter(**here).exclude(state=PhraseState.SCORED).values_list("client_uuid", flat=True)
    scored_again = (
        Event.objects.filter(study=study, kind=event_kinds.PHRASE_SCORED)
        .values("payload__assignment", "payload__ordinal")
        .annotate(times=Count("pk"))
        .filter(times__gt=1)
    )
    runs = Run.objects.filter(**here)
    unfinished = runs.exclude(state__in=[RunState.DONE, RunState.REFUSED]).values_list("pk", flat=True)
    files = unnamed_files.named()
    findings = {
        "acknowledged and not stored": set(acknowledged) - stored.keys(),
        "stored twice": {phrase for phrase, times in stored.items() if times > 1},
        "stored and sent by nobody": stored.keys() - set(sent),
        "stored and not scored": set(unscored) | (stored.keys() - scored),
        "scored twice": [f"{row['payload__assignment']}, {row['payload__ordinal']}" for row in scored_again],
        "runs that are not done": list(unfinished),
        "named by a row and missing or damaged in the data store": list(_bad(files)),
        "differences between log and tables": list(LogCheck(study).differences()),
    }
    return Comparison(
        acknowledged=len(acknowledged),
        stored=sum(stored.values()),
        scored=len(scored),
        unacknowledged=len(stored.keys() - set(acknowledged)),
        runs=runs.count(),
        files=len(files),
        wrong=tuple(_told(what, which) for what, which in findings.items() if which),
    )


def _bad(digests: Iterable[str]) -> Iterator[str]:
    store = data_store()
    for digest in digests:
        try:
            store.read(digest)
        except BadStoredFile:
            yield digest


def _told(what: str, which: Collection[object]) -> str:
    named = ", ".join(str(each) for each in sorted(which, key=str)[:MAX_NAMED])
    return f"{len(which)} {what}: {named}{', …' if len(which) > MAX_NAMED else ''}"
