"""What reviewers say of images: stored with each key, taken back one by one."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.models import Gathering, ImageReview, Verdict
from annotations.pools.review_progress import review_progress

MAX_SECONDS = 60.0  # who leaves the page is not paid for it


@transaction.atomic
def say(
    gathering: Gathering,
    place: int,
    verdict: Verdict,
    label: int | None = None,
    *,
    by: str,
    shown_at: dt.datetime | None = None,
) -> None:
    """Store what a reviewer says of an item; the same item again is a change of mind. Raises NotPossible."""
    locked = Gathering.objects.select_for_update(of=("self",)).get(pk=gathering.pk)
    if not 0 <= place < len(locked.items):
        raise NotPossible("This review has no such image. Reload the page.")
    if (verdict == Verdict.KEEP) != (label is not None and 0 <= label < len(locked.base_model.dataset.class_names)):
        raise NotPossible("Choose a class to keep the image, or drop it without one.")
    known = ImageReview.objects.filter(gathering=locked, place=place, reviewer=by)
    progress = review_progress(locked, by)
    if progress.over and not known.exists():
        raise NotPossible(progress.over)
    took = (timezone.now() - shown_at).total_seconds() if shown_at else 0.0
    seconds = min(max(took, 0.0), MAX_SECONDS)
    changes = {"verdict": verdict, "label": label, "seconds": seconds}
    ImageReview.objects.update_or_create(gathering=locked, place=place, reviewer=by, defaults=changes)


@transaction.atomic
def undo(gathering: Gathering, *, by: str) -> None:
    """Take back what a reviewer said last; nothing happens where there is nothing."""
    last = ImageReview.objects.filter(gathering=gathering, reviewer=by).order_by("-reviewed_at", "-pk").first()
    if last is not None:
        last.delete()
