"""The review of images: one image, one key; each answer is stored before the next image is shown."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import Gathering, Study, Verdict
from annotations.models.moderated_words import words_of_phrase
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import Answer
from annotations.pools import image_reviews
from annotations.pools.review_outcomes import KNOWN
from annotations.pools.review_progress import review_progress

MAX_BUTTONS = 9  # classes with a key of their own


def page(request: HttpRequest, study: Study) -> Answer:
    """Show the next image of the gathering that ?gathering= names."""
    if "gathering" not in request.GET:
        return HttpResponseRedirect(reverse("admin:annotations_study_gathering", args=[study.pk]))
    gathering = _named(request, study)
    progress = review_progress(gathering, request.user.get_username())
    return {
        "gathering": gathering,
        "progress": progress,
        "shown_at": timezone.now().isoformat(),
        **_item(request, gathering, progress.place),
    }


def _named(request: HttpRequest, study: Study) -> Gathering:
    related = study.gatherings.counted().select_related("pool__dataset", "base_model__dataset")
    return get_object_or_404(related, pk=row_number(request.GET.get("gathering")))


def _item(request: HttpRequest, gathering: Gathering, place: int | None) -> dict[str, Any]:
    if place is None:
        return {}
    item, parent = gathering.items[place], gathering.base_model.dataset
    pool = gathering.pool
    dataset = pool.dataset if pool is not None and pool.dataset is not None and item["arm"] != KNOWN else parent
    files = dataset.files
    url = thumbnail_url(f"user:{request.user.pk}", dataset.pk, files.image_keys[item["row"]].decode())
    parts = list(gathering.parts.select_related("score__phrase__assignment__session").order_by("target_class"))
    first = [part.target_class for part in parts]
    labels = [*first, *(label for label in range(len(parent.class_names)) if label not in first)][:MAX_BUTTONS]
    # A slice check asks whether the phrase holds; a gathering which class it is.
    names = [(labels[0], "It does")] if pool is None else [(label, parent.class_names[label]) for label in labels]
    buttons = [(str(key), label, name) for key, (label, name) in enumerate(names, 1)]
    return {"url": url, "buttons": buttons, "phrases": [words_of_phrase(part.score.phrase) for part in parts]}


def _say(request: HttpRequest, study: Study, by: str) -> None:
    """Store what is said of an image, or take the last answer back."""
    gathering, said = _named(request, study), request.POST.get("said", "")
    if said == "undo":
        image_reviews.undo(gathering, by=by)
        return
    verdict = Verdict(said) if said in (Verdict.DROP, Verdict.UNSURE) else Verdict.KEEP
    label = int(said) if verdict == Verdict.KEEP and said.isascii() and said.isdecimal() and len(said) < 9 else None
    shown_at = _time(request.POST.get("shown_at", ""))
    image_reviews.say(gathering, row_number(request.POST.get("place")), verdict, label, by=by, shown_at=shown_at)


def _time(text: str) -> dt.datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


ACTS = {"": _say}
