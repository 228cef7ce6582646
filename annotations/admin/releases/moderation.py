"""The moderation page: what people wrote, what each correction does, and a decision on each phrase."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import row_number
from annotations.admin.common.study_pages import StudyPage, has_begun, show_page
from annotations.models import Moderation, Phrase, Study
from annotations.readings.releases import moderation as reading
from annotations.services.releases import moderation

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
_DECISIONS = {"approve": Moderation.APPROVED, "flag": Moderation.FLAGGED, "hide": Moderation.HIDDEN}
_DECISIONS |= {"exclude": Moderation.EXCLUDED, "take_back": Moderation.UNREVIEWED}


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """List phrases by state; a POST decides on one of them, or approves all of the page."""
    state = request.GET.get("state", Moderation.UNREVIEWED.value)
    state = state if state in dict(_STATES) else Moderation.UNREVIEWED.value
    search = request.GET.get("q", "").replace("\0", "").strip()
    flag = request.GET.get("writing", "")
    flag = flag if flag in dict(_FLAGS) else ""
    if request.method == "POST":
        _decide(request, reading.phrases_to_moderate(study, state=reading.ALL, search=search, flag=flag))
        return HttpResponseRedirect(request.get_full_path())
    phrases = reading.phrases_to_moderate(study, state=state, search=search, flag=flag)
    shown, rows = reading.page_of(study, phrases, request.GET.get("page", 1))
    counts = reading.counts(study)
    return show_page(
        request,
        study,
        "moderation",
        "Moderation",
        rows=rows,
        shown=shown,
        state=state,
        search=search,
        flag=flag,
        flags=_FLAGS,
        query=urlencode({"q": search, "writing": flag}),
        states=[(value, label, counts[value]) for value, label in _STATES],
    )


def _decide(request: HttpRequest, phrases: QuerySet[Phrase]) -> None:
    """Decide on what stood in the rows of the phrases that are named. phrases: what the filters of the page left."""
    by, act = request.user.get_username(), request.POST.get("act", "")
    same = reading.of_rows(phrases, {row_number(value) for value in request.POST.getlist("phrase")})
    with RefusalsShown(request):
        if act == "approve_shown":
            n_approved = moderation.approve_all(phrases.filter(pk__in=[phrase.pk for phrase in same]), by=by)
            messages.success(request, f"{n_approved} phrase{'' if n_approved == 1 else 's'} approved.")
        elif act in _DECISIONS:
            if not same:
                raise Http404
            with transaction.atomic():
                for phrase in same:
                    moderation.moderate(phrase, _DECISIONS[act], by=by, reason=request.POST.get("reason", ""))
            of_all = "" if len(same) == 1 else f" for {len(same)} phrases of this text"
            messages.success(request, f"The decision is stored{of_all}.")
        else:
            messages.error(request, "The form was incomplete, so nothing was decided. Reload the page and try again.")


PAGES = (StudyPage("moderation", "Moderation", page, act="coordinate", place="run", applies_to=has_begun),)
