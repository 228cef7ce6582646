"""Revisions of a draft: a save that began at an older one is refused, and says who saved the newer one and when."""

from django.db.models import F
from django.utils import timezone

from annotations.models import Study
from annotations.services.common.service_errors import ServiceError


class StaleDraft(ServiceError):
    """Somebody saved the draft after the page that is sent now was opened."""

    def __init__(self, study: Study, by: str) -> None:
        who = study.revised_by or "Somebody"  # a page may name a revision that nobody ever saved
        who = "You, in another tab," if who == by else who
        super().__init__(f"{who} saved this draft {_when(study)}, after you had opened this page.")


def refuse_stale(locked: Study, seen: int, *, by: str) -> None:
    """Raise StaleDraft unless `seen` is still the revision of a draft that this transaction has locked."""
    if locked.revision != seen:
        raise StaleDraft(locked, by)


def revise(study: Study, *, by: str) -> None:
    """Note a save of a draft, in the transaction of what it changes."""
    rows = Study.objects.filter(pk=study.pk)
    rows.update(revision=F("revision") + 1, revised_by=by, revised_at=timezone.now())
    study.refresh_from_db(fields=["revision", "revised_by", "revised_at"])


def _when(study: Study) -> str:
    if study.revised_at is None:
        return "just now"
    at, now = timezone.localtime(study.revised_at), timezone.localtime()
    day = "" if at.date() == now.date() else f"on {at.day} {at:%B} "
    return f"{day}at {at:%H:%M %Z}"
