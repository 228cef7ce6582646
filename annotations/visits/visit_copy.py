"""A person's copy of what is stored of their visit."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from annotations.log.events import stored_states
from annotations.log.log_registry import BY_NAME
from annotations.models import AnnotationSession, Event

# By the log's names, in its order. Not the check, whose answers others shall find by themselves, nor the place.
_TABLES = (
    *("session", "consent", "device_report", "practice_phrase", "end_answer", "assignment", "span", "phrase", "run"),
    *("score", "threshold_choice", "judgement", "reply"),
)
# What tells of the condition, or has the words of other people and machines.
_LEFT_OUT = {
    *("condition", "order", "seed", "goal", "goal_shown", "level_shown", "keywords_seen_at", "keywords_seen"),
    *("rewordings", "moderation_reason"),
}
_NOT_HERE = (
    _("Your answers to our check."),
    _("Which variant of the study you saw."),
    _("Words of other people."),
    _("Your IDs from other sites: we keep them locked and apart from this."),
    _("Payments: the people who run the study have them."),
)


def visit_copy(session: AnnotationSession) -> dict[str, Any]:
    """Return everything that is stored of a visit and is its person's, as JSON values; `not_here` says what is not."""
    visit = {name: _rows(name, session) for name in _TABLES}
    happened = Event.objects.filter(session=session).order_by("pk").values_list("kind", "occurred_at")
    return {
        "study": session.study.title,
        "not_here": [str(each) for each in _NOT_HERE],
        "consent_text": getattr(getattr(session, "consent", None), "text", ""),
        "what_happened": [{"kind": kind, "at": at} for kind, at in happened],
        **visit,
    }


def _rows(name: str, session: AnnotationSession) -> list[dict[str, Any]]:
    table = BY_NAME[name]
    rows = table.rows(session.study).filter(**{table.visit: session.pk})
    states = ({**state.plain, **state.personal} for state in stored_states(table, rows))
    return [{column: value for column, value in state.items() if column not in _LEFT_OUT} for state in states]
