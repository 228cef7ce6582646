"""How people go through a study: where they are, how many did not finish, how long it took who did."""

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Count, Q

from annotations.models import (
    AnnotationSession,
    SessionKind,
    Stage,
    Study,
    Submission,
)
from annotations.monitoring.study_people import GONE_AFTER, People, lasting, people_of
from annotations.prolific_client.statuses import Status

# The union of the spans in view, which two windows may both have open, as one range of ranges; in seconds.
_ACTIVE_SECONDS = """
SELECT EXTRACT(EPOCH FROM (
    SELECT coalesce(sum(upper(one) - lower(one)), interval '0')
    FROM unnest(range_agg(tstzrange(span.began_at, span.ended_at))) AS one
))
FROM annotations_span span JOIN annotations_annotationsession visit ON visit.id = span.session_id
WHERE span.kind = 'visible' AND visit.study_id = %s AND visit.kind = 'participant' AND visit.stage = 'finished'
GROUP BY span.session_id
"""


@dataclass(frozen=True)
class Share:
    """How many of how many; of none there is no share."""

    n: int
    of: int

    @property
    def value(self) -> float | None:
        return self.n / self.of if self.of else None


@dataclass(frozen=True)
class Shares:
    """Who did not finish a study.

    dropout: who left, of those who consented and have left or finished. failed_check: who did not pass the
    comprehension check, of all whose check has ended, by the visits' own stages, which an erasure leaves as they are;
    of who withdrew meanwhile nothing is said. returned: submissions that were returned or timed out on Prolific, of all
    that have ended there or are at work.
    """

    dropout: Share
    failed_check: Share
    returned: Share


@dataclass(frozen=True)
class Flow:
    """`active_s`: median of who finished."""

    people: People
    shares: Shares
    active_s: float | None


def flow(study: Study, now: dt.datetime) -> Flow:
    """Return how people went through a study up to now."""
    people = people_of(study, now)
    of_visits = replace(shares([study], now)[study.pk], dropout=_dropout(people))
    return Flow(people, of_visits, median_active_s(study))


def _dropout(people: People) -> Share:
    left = sum(step.left for step in people.steps[1:])
    return Share(left, left + people.finished)


def shares(studies: Collection[Study], now: dt.datetime) -> dict[int, Shares]:
    """Return how many did not finish each study, by its number, in as many queries for one study as for a thousand."""
    visits = AnnotationSession.objects.filter(study__in=studies, kind=SessionKind.PARTICIPANT).order_by()
    is_left = lasting(studies, SessionKind.PARTICIPANT).filter(
        consented_at__isnull=False, seen_at__lte=now - GONE_AFTER
    )
    left = Counter(dict(is_left.values_list("study").annotate(n=Count("id"))))
    at = Counter(
        {(study, stage): n for study, stage, n in visits.values_list("study", "stage").annotate(n=Count("id"))}
    )
    over = Q(status__in=(Status.RETURNED, Status.TIMED_OUT))
    known = Submission.objects.counted().filter(study__in=studies).exclude(status="").order_by().values_list("study")
    returned = {study: Share(n, of) for study, n, of in known.annotate(n=Count("id", filter=over), of=Count("id"))}

    def failed_check(study: Study) -> Share:
        if not study.comprehension_check:
            return Share(0, 0)
        failed = at[study.pk, Stage.NOT_PASSED]
        return Share(failed, failed + at[study.pk, Stage.TASKS] + at[study.pk, Stage.FINISHED])

    return {
        study.pk: Shares(
            Share(left[study.pk], left[study.pk] + at[study.pk, Stage.FINISHED]),
            failed_check(study),
            returned.get(study.pk, Share(0, 0)),
        )
        for study in studies
    }


def median_active_s(study: Study) -> float | None:
    """Return the median of the seconds that a page of the visit was in view, of those who finished; None for nobody.

    Raw spans in view, their union where two windows were open. Away, idle for half a minute and hidden do not count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE_SECONDS, [study.pk])
        seconds = [float(row[0]) for row in cursor.fetchall()]
    return statistics.median(seconds) if seconds else None
