"""Phrases as the lists of the staff's pages show them."""

from django.db.models import QuerySet

from annotations.models import AnnotationSession, Phrase, Study
from annotations.models.arrays import without_arrays

_NEWEST = 15


def newest_phrases(study: Study) -> QuerySet[Phrase]:
    """Return the newest phrases, of nobody who withdrew, with what their page shows and without arrays."""
    newest_first = ("-submitted_at", "-id")
    own = Phrase.objects.filter(assignment__session__in=study.sessions.in_results()).order_by(*newest_first)
    newest = list(own.values_list("pk", flat=True)[:_NEWEST])  # apart: to sort all with all that is shown is slow
    return _shown(Phrase.objects.filter(pk__in=newest)).order_by(*newest_first)


def phrases_of(session: AnnotationSession) -> QuerySet[Phrase]:
    """Return the phrases of a visit with the same, as they were submitted."""
    return _shown(Phrase.objects.filter(assignment__session=session)).order_by("submitted_at", "id")


def _shown(phrases: QuerySet[Phrase]) -> QuerySet[Phrase]:
    related = ("assignment__session__participant", "assignment__task__base_model__dataset", "score__run__control")
    return without_arrays(phrases.select_related(*related))
