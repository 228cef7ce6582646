"""A trusted party looks at what people wrote (paper, ethics statement): approve, flag, hide or exclude a phrase.

A hidden phrase is shown to its author and to the study's staff alone; an excluded one is hidden and leaves the results
too; only an approved one can enter a pooled correction.
"""

from contextlib import suppress

from django.db import transaction
from django.db.models import QuerySet

from annotations.base.row_changes import change
from annotations.base.service_errors import NotPossible, ServiceError
from annotations.log import audit, events
from annotations.models import Moderation, Phrase, event_kinds
from annotations.results import analysis_requests

NOT_SHOWN = (Moderation.HIDDEN, Moderation.EXCLUDED)
NEEDS_REASON = (Moderation.FLAGGED, *NOT_SHOWN)


class PhraseGone(ServiceError, code="phrase_gone", status=404):
    """A phrase was erased with its person while somebody decided on it."""

    sentence = "This phrase has been deleted because its author withdrew."


def moderate(phrase: Phrase, decision: Moderation, *, by: str, reason: str = "") -> Phrase:
    """Store a decision, the last one counts; UNREVIEWED takes it back. A no-op where nothing changes.

    Raises NotPossible for a flag, a hiding or an exclusion without a reason, PhraseGone for one that was
    erased meanwhile.
    """
    reason = reason.strip()
    if decision in NEEDS_REASON and not reason:
        raise NotPossible("Give a reason. It is recorded in the audit log and in the study’s exclusion ledger.")
    with transaction.atomic():
        rows = Phrase.objects.select_related("assignment__session__study", "assignment__session__participant")
        locked = rows.select_for_update(of=("self",), no_key=True).filter(pk=phrase.pk).first()
        if locked is None:
            raise PhraseGone
        before = locked.moderation
        if (before, locked.moderation_reason) == (decision, reason):
            return locked
        change(locked, moderation=decision, moderation_reason=reason)
        session = locked.assignment.session
        which = {"assignment": locked.assignment.public_id, "ordinal": locked.ordinal}
        events.record(event_kinds.PHRASE_MODERATED, session, locked, **which)
        if decision in NOT_SHOWN:
            analysis_requests.forget(session.study)  # a page would show the words until there is a newer one
        audit.record(
            "phrase_moderated",
            session.study,
            by=by,
            subject=f"{session.participant} {locked.assignment.public_id} #{locked.ordinal}",
            reason=reason,
            before=before or "unreviewed",
            after=decision or "unreviewed",
        )
    return locked


def approve_all(phrases: QuerySet[Phrase], *, by: str) -> int:
    """Approve those of the phrases that nobody has looked at, each an act of its own; returns how many.

    One that is erased meanwhile is passed over.
    """
    n = 0
    unreviewed = list(phrases.filter(moderation=Moderation.UNREVIEWED).order_by("pk"))
    for phrase in unreviewed:
        with suppress(PhraseGone):
            moderate(phrase, Moderation.APPROVED, by=by)
            n += 1
    return n
