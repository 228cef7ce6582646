"""The screens that a visit saw, each to be looked at again as it was, from the visit's page and from a phrase's."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from annotations.models import AnnotationSession, Assignment, Event, Phrase, event_kinds
from annotations.pages.number_formats import NONE
from annotations.pages.read_only import ReadOnlyAdmin, ReadOnlyOfAssignments
from annotations.phrases.screen_records import replay_screen
from clarify_errors.arrays.datasets.dataset_files import BadDataset

NO_SCREEN = "Nobody was shown what became of “{}”. The screens of its visit are listed below."


class Screens(ReadOnlyAdmin):
    """What the admin class of visits has of screens: `screens` is a field of its page."""

    views = {"screen": "<int:pk>/screens/<int:event_id>/"}

    @method_decorator(require_safe)
    def screen_view(self, request: HttpRequest, session: AnnotationSession, event_id: int) -> HttpResponse:
        """Draw one screen again for whoever may see the visit. Nothing is recorded."""
        event = get_object_or_404(Event, pk=event_id, session=session, kind=event_kinds.SCREEN_SHOWN)
        try:
            again = replay_screen(event, owner=f"user:{request.user.pk}")
        except Assignment.DoesNotExist:
            raise Http404 from None  # erased with its visit
        except BadDataset as error:
            self.message_user(request, f"This screen cannot be drawn again: {error}.", messages.ERROR)
            return redirect("admin:annotations_annotationsession_change", session.pk)
        assignment = again.work.assignment
        context = {
            **vars(again),
            "again": again,
            "assignment": assignment,
            "is_replayed": True,
            "shown_at": event.occurred_at,
            "title": f"Task {assignment.position} of {session.participant}",
            "back": reverse("admin:annotations_annotationsession_change", args=[session.pk]),
        }
        with translation.override(again.language):
            return render(request, "admin/annotations/annotationsession/screen.html", context)

    @admin.display(description="screens that were shown")
    def screens(self, session: AnnotationSession) -> str | SafeString:
        """The visit's screens in order, each with a link."""
        lines = list(_lines(session))
        if not lines:
            return NONE
        return format_html("<ol>{}</ol>", format_html_join("", '<li><a href="{}">{}</a> {}</li>', lines))


class FirstScreen(ReadOnlyOfAssignments):
    """What the admin class of phrases has of screens: `screen` is a field of its page."""

    views = {"screen": "<int:pk>/screen/"}

    @method_decorator(require_safe)
    def screen_view(self, request: HttpRequest, phrase: Phrase) -> HttpResponse:
        """Lead to the screen on which its author first saw what became of a phrase; to the visit's page without one."""
        assignment = phrase.assignment
        of_phrase = {"payload__assignment": str(assignment.public_id), "payload__phrase": phrase.ordinal}
        shown = assignment.session.events.filter(kind=event_kinds.SCREEN_SHOWN, **of_phrase).order_by("pk").first()
        if shown is None:
            self.message_user(request, NO_SCREEN.format(phrase.text), messages.WARNING)
            return redirect("admin:annotations_annotationsession_change", assignment.session_id)
        return redirect("admin:annotations_annotationsession_screen", assignment.session_id, shown.pk)

    @admin.display(description="as its author saw it")
    def screen(self, phrase: Phrase) -> SafeString:
        """The way there."""
        return format_html('<a href="{}">its screen</a>', reverse("admin:annotations_phrase_screen", args=[phrase.pk]))


def _lines(session: AnnotationSession) -> Iterator[tuple[str, str, str]]:
    """Of each screen that can be drawn again its address, its time, and what it was of."""
    positions = {str(key): at for key, at in session.assignments.values_list("public_id", "position")}
    said: dict[tuple[str, Any], str] = {
        (str(key), ordinal): text
        for key, ordinal, text in Phrase.objects.filter(assignment__session=session).values_list(
            "assignment__public_id", "ordinal", "text"
        )
    }
    for event in session.events.filter(kind=event_kinds.SCREEN_SHOWN).order_by("pk"):
        key = event.payload["assignment"]
        if key in positions:
            address = reverse("admin:annotations_annotationsession_screen", args=[session.pk, event.pk])
            text = said.get((key, event.payload["phrase"]))
            of = f"task {positions[key]}" + (f", “{text}”" if text is not None else "")
            yield address, f"{event.occurred_at:%Y-%m-%d %H:%M:%S}", of
