"""The moderation page: what people wrote, what each correction does, and a decision on each phrase."""

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from annotations.models import Moderation, Phrase, Study
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import Act, reason_of
from annotations.releases import moderated_phrases as reading
from annotations.releases import moderation
from clarify_errors.arrays.common.counted_words import counted

_STATES = (
    (Moderation.UNREVIEWED.value, "not looked at"),
    (Moderation.APPROVED.value, "approved"),
    (Moderation.FLAGGED.value, "flagged"),
    (Moderation.HIDDEN.value, "hidden"),
    (Moderation.EXCLUDED.value, "excluded"),
    (reading.ALL, "all"),
)
_FLAGS = (
    ("", "however written"),
    ("pasted", "pasted or dropped"),
    ("at_once", "12 characters or more at once"),
    ("left", "page left while writing"),
    ("repeated", "three words or more that two others said too"),
)


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List phrases by state."""
    state = request.GET.get("state", "")
    state = state if state in dict(_STATES) else Moderation.UNREVIEWED.value
    search, flag = _filters(request)
    phrases = reading.phrases_to_moderate(study, state=state, search=search, flag=flag)
    shown, rows = reading.page_of(study, phrases, row_number(request.GET.get("page")) or 1)
    counts = reading.counts(study)
    return {
        "rows": [replace(row, flags=[dict(_FLAGS)[flag] for flag in row.flags]) for row in rows],
        "shown": shown,
        "state": state,
        "search": search,
        "flag": flag,
        "flags": _FLAGS,
        "query": urlencode({"q": search, "writing": flag}),
        "states": [(value, label, counts[value]) for value, label in _STATES],
    }


def _filters(request: HttpRequest) -> tuple[str, str]:
    """What is searched for, and how phrases were written."""
    flag = request.GET.get("writing", "")
    return request.GET.get("q", "").strip(), flag if flag in dict(_FLAGS) else ""


def _named(request: HttpRequest, study: Study) -> QuerySet[Phrase]:
    """What stood in the rows of the phrases that are named, on the page with these filters."""
    search, flag = _filters(request)
    phrases = reading.phrases_to_moderate(study, state=reading.ALL, search=search, flag=flag)
    return reading.of_rows(phrases, {row_number(value) for value in request.POST.getlist("phrase")})


def _approve_shown(request: HttpRequest, study: Study, by: str) -> str:
    n_approved = moderation.approve_all(_named(request, study), by=by)
    return f"{counted(n_approved, 'phrase')} approved."


def _decide(decision: Moderation, request: HttpRequest, study: Study, by: str) -> str:
    phrases, reason = _named(request, study), reason_of(request)
    if not phrases:
        raise Http404
    with transaction.atomic():
        for phrase in phrases:
            moderation.moderate(phrase, decision, by=by, reason=reason)
    of_all = "" if len(phrases) == 1 else f" for {len(phrases)} phrases of this text"
    return f"The decision is stored{of_all}."


ACTS: dict[str, Act] = {
    "approve_shown": _approve_shown,
    "approve": partial(_decide, Moderation.APPROVED),
    "flag": partial(_decide, Moderation.FLAGGED),
    "hide": partial(_decide, Moderation.HIDDEN),
    "exclude": partial(_decide, Moderation.EXCLUDED),
    "take_back": partial(_decide, Moderation.UNREVIEWED),
}
