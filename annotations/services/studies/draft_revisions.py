"""The revisions of a draft: of two saves that began at the same one, the second is refused and learns of the first."""

from django.db.models import F
from django.utils import timezone

from annotations.models import Study
from annotations.services.common.service_errors import ServiceError


class DraftSavedMeanwhile(ServiceError):
    """Somebody saved the draft after the page that is sent now was opened: `who`; `study` is what is stored."""

    code = "draft_saved_meanwhile"

    def __init__(self, study: Study) -> None:
        self.study = study
        self.who = study.revised_by or "Somebody"  # nobody saved it, where a page names a revision which never was
        super().__init__(f"{self.who} saved this draft {_when(study)}, after you had opened this page.")


def refuse_stale(locked: Study, seen: int) -> None:
    """Raise DraftSavedMeanwhile unless `seen` is still the revision of a draft that this transaction has locked."""
    if locked.revision != seen:
        raise DraftSavedMeanwhile(locked)


def revise(study: Study, *, by: str, seen: int | None = None) -> None:
    """Note a save of a draft, in the transaction of what it changes.

    seen: the revision that the save began at; None for what is right whatever the draft holds, such as one more class.
    Raises DraftSavedMeanwhile where the draft is at another.
    """
    rows = Study.objects.filter(pk=study.pk)
    if seen is not None:
        rows = rows.filter(revision=seen)
    if not rows.update(revision=F("revision") + 1, revised_by=by, revised_at=timezone.now()):
        raise DraftSavedMeanwhile(Study.objects.get(pk=study.pk))
    study.refresh_from_db(fields=["revision", "revised_by", "revised_at"])


def _when(study: Study) -> str:
    if study.revised_at is None:
        return "just now"
    at, now = timezone.localtime(study.revised_at), timezone.localtime()
    day = "" if at.date() == now.date() else f"on {at.day} {at:%B} "
    return f"{day}at {at:%H:%M %Z}"
