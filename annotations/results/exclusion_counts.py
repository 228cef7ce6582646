"""How much of a study is left out of its numbers, or is in them only in part."""

from collections.abc import Iterator

from django.db.models import Count, Q

from annotations.analysis.observations.study_rows import Counted
from annotations.models import UNCOUNTED, Moderation, Phrase, PhraseState, Run, RunState, SessionKind, Study

PHRASES_WAIT, RUNS_WAIT = "phrases waiting for a score", "retrainings waiting"  # what will still change by itself


def counts(study: Study, kind: SessionKind, several: int) -> Iterator[Counted]:
    """Yield how much there is of what is left out, or needs a word. several: how many people saw several conditions."""
    visits = study.sessions.aggregate(
        withdrawn=Count(
            "participant", filter=Q(kind=kind, withdrawn_at__isnull=False, erased_at=None), distinct=True
        ),  # a visit is named once: erasure takes it over
        erased=Count("id", filter=Q(kind=kind, erased_at__isnull=False)),
        uncounted=Count("id", filter=Q(kind__in=UNCOUNTED)),
        others=Count("id", filter=~Q(kind__in=(kind, *UNCOUNTED))),
        late=Count("id", filter=Q(kind=kind, is_late=True, withdrawn_at=None)),
    )
    phrases = Phrase.objects.filter(assignment__session__in=study.sessions.in_results(kind)).aggregate(
        excluded=Count("id", filter=Q(moderation=Moderation.EXCLUDED)),
        hidden=Count("id", filter=Q(moderation=Moderation.HIDDEN)),
        pending=Count("id", filter=Q(state=PhraseState.PENDING)),
        failed=Count("id", filter=Q(state=PhraseState.FAILED)),
    )
    runs = Run.objects.filter(assignment__session__in=study.sessions.in_results(kind), is_chosen=False).aggregate(
        pending=Count("id", filter=Q(state=RunState.PENDING)),
        failed=Count("id", filter=Q(state=RunState.FAILED)),
        refused=Count("id", filter=Q(state=RunState.REFUSED, threshold__isnull=False)),
        scoreless=Count("id", filter=Q(state=RunState.REFUSED, threshold=None)),
    )
    others = "visits of experts" if kind == SessionKind.PARTICIPANT else "visits of participants"
    out, within = True, False
    no_score, no_accuracy = "they count as tries and have no score", "their phrases have a score and no accuracy"
    yield Counted("people who withdrew", visits["withdrawn"], out, "nothing of their withdrawn visits is used")
    yield Counted("visits that were erased", visits["erased"], out, "their people withdrew; nothing is left of them")
    why = "by the staff, or a computer’s rehearsal, to try the study out"
    yield Counted("trial visits", visits["uncounted"], out, why)
    yield Counted(others, visits["others"], out, "shown beside, in no number of this study's people")
    why = "by moderation, with a reason each, or not checked when the time was over"
    yield Counted("phrases that were excluded", phrases["excluded"], out, why)
    yield Counted("phrases that the staff hid", phrases["hidden"], within, "they count; their words are not shown")
    yield Counted(PHRASES_WAIT, phrases["pending"], within, no_score)
    yield Counted("phrases that could not be scored", phrases["failed"], within, no_score)
    yield Counted(RUNS_WAIT, runs["pending"], within, "their phrases have a score and no accuracy yet")
    yield Counted("retrainings that failed", runs["failed"], within, no_accuracy)
    yield Counted("retrainings refused, a slice too small", runs["refused"], within, no_accuracy)
    why = "without a threshold there is nothing to train"
    yield Counted("retrainings refused, error score 0", runs["scoreless"], within, why)
    yield Counted("visits that were completed late", visits["late"], within, "after their place was given away")
    yield Counted("people who saw several conditions", several, within, "in no comparison of conditions")
