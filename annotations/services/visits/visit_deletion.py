"""What a person did in a visit: the rows that go with it, whether it is erased or never counted."""

from collections.abc import Sequence

from django.db.models import Model

from annotations.models import (
    AnnotationSession,
    Assignment,
    CheckAttempt,
    CorrectionPart,
    DeviceReport,
    EndAnswer,
    Judgement,
    Phrase,
    PracticePhrase,
    Reply,
    Run,
    Score,
    Span,
    ThresholdChoice,
)

# Each by its way to the visit; a row comes before what it points to.
_DONE_IN_IT: tuple[tuple[type[Model], str], ...] = (
    (ThresholdChoice, "phrase__assignment__session"),
    (Judgement, "phrase__assignment__session"),
    (Reply, "phrase__assignment__session"),
    (CorrectionPart, "score__phrase__assignment__session"),
    (Score, "phrase__assignment__session"),
    (Run, "assignment__session"),
    (Phrase, "assignment__session"),
    (Span, "session"),
    (Assignment, "session"),
    (PracticePhrase, "session"),
    (CheckAttempt, "session"),
    (EndAnswer, "session"),
    (DeviceReport, "session"),
)


def delete_work(visits: Sequence[AnnotationSession]) -> None:
    """Delete all that was done in some visits; the visits, their consents, places and submissions stay."""
    for model, way in _DONE_IN_IT:
        model._default_manager.filter(**{f"{way}__in": visits}).delete()
