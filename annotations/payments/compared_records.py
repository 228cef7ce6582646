"""Our records of a study beside Prolific's: each submission with its visit, and how they differ.

All rows are read as plain values, without the sealed ids, so that thousands are compared in one page load; the few that
are shown are read as objects.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, Prefetch, QuerySet
from django.db.models.functions import Coalesce

from annotations.models import AuditRecord, Payment, ProlificRequest, Reconciliation, RequestState, Study, Submission
from annotations.payments.discrepancies import REVIEW_LATE, Case, Discrepancy, Sides, discrepancies, stands
from annotations.prolific_client.statuses import Status

PAGE_SIZE = 50
ANY = "any"  # filter: whatever differs
_ONLY_TIME = {Discrepancy.LATE, Discrepancy.REVIEW_DUE}  # nothing lies between what was done here and the review


@dataclass(frozen=True)
class Compared:
    """All rows of a study by their number, each with its discrepancies.

    awaiting: to review there; approvable: those of them that are done here, and of which both sides agree.
    """

    differences: Mapping[int, tuple[Discrepancy, ...]]
    awaiting: tuple[int, ...]
    approvable: tuple[int, ...]
    listed_at: dt.datetime | None

    @property
    def counts(self) -> Counter[Discrepancy]:
        return Counter(name for names in self.differences.values() for name in names)

    @property
    def n_differing(self) -> int:
        return sum(bool(names) for names in self.differences.values())

    def with_discrepancy(self, wanted: str) -> list[int]:
        """Return the rows that have a discrepancy, ANY for those with some, "" for all."""
        if not wanted:
            return list(self.differences)
        return [pk for pk, names in self.differences.items() if (names if wanted == ANY else wanted in names)]


@dataclass(frozen=True)
class LedgerRow:
    """One submission as the page shows it. `request`: the newest that was asked of Prolific, with its state."""

    submission: Submission
    discrepancies: tuple[Discrepancy, ...]
    request: ProlificRequest | None
    is_waiting: bool


def compare(study: Study, now: dt.datetime) -> Compared:
    """Compare both sides of every submission, the newest first; previews and simulated visits have none that counts."""
    return _compared(study, study.submissions.counted(), now)


def compare_one(submission: Submission, now: dt.datetime) -> Compared:
    """Compare both sides of one submission; its person's others are read too, since they can contradict it."""
    study = submission.study
    return _compared(study, study.submissions.counted().filter(pseudonym=submission.pseudonym), now)


def _compared(study: Study, submissions: QuerySet[Submission], now: dt.datetime) -> Compared:
    """Compare submissions of which each person has all or none among these."""
    rows = [Sides(*row) for row in submissions.order_by("-pk").values_list(*Sides._fields)]
    standing = Counter(row.pseudonym for row in rows if stands(row.status))
    codes, listed = study.codes, listed_at(study)
    differences, awaiting, approvable = {}, [], []
    for row in rows:
        case = Case(row, codes, now, listed, standing[row.pseudonym])
        names = differences[row.pk] = discrepancies(case)
        if row.status == Status.AWAITING_REVIEW:
            awaiting.append(row.pk)
            if row.is_done and set(names) <= _ONLY_TIME:
                approvable.append(row.pk)
    return Compared(differences, tuple(awaiting), tuple(approvable), listed)


def page_of(study: Study, compared: Compared, wanted: str, number: Any) -> tuple["Page[int]", list[LedgerRow]]:
    """Return one page of the rows with a discrepancy, and what it shows; a number that is none is the first page."""
    shown: Page[int] = Paginator(compared.with_discrepancy(wanted), PAGE_SIZE).get_page(number)
    return shown, rows_of(study, compared, shown.object_list)


def rows_of(study: Study, compared: Compared, ids: Iterable[int]) -> list[LedgerRow]:
    """Return rows by their numbers, in that order."""
    wanted = list(ids)
    found = {submission.pk: submission for submission in detailed(study).filter(pk__in=wanted)}
    rows = []
    for pk in wanted:
        asked = list(found[pk].requests.all())
        waits = any(request.state == RequestState.PENDING for request in asked)
        rows.append(LedgerRow(found[pk], compared.differences.get(pk, ()), asked[0] if asked else None, waits))
    return rows


def detailed(study: Study) -> QuerySet[Submission]:
    """The study's submissions with all that a page shows of one; previews and simulated visits are not among them."""
    newest_first = ProlificRequest.objects.order_by("-pk")
    return (
        study.submissions.counted()
        .select_related("study", "session__participant", "session__allocation")
        .prefetch_related(
            Prefetch("requests", newest_first), Prefetch("payments", Payment.objects.select_related("batch"))
        )
    )


def late_reviews(now: dt.datetime) -> dict[int, int]:
    """Return how many submissions have the discrepancy `review_due`, for each study where some do, by its number."""
    waiting = Submission.objects.counted().filter(status=Status.AWAITING_REVIEW).order_by()
    late = waiting.alias(since=Coalesce("completed_at", "status_changed_at")).filter(since__lt=now - REVIEW_LATE)
    return dict(late.values_list("study").annotate(n=Count("id")))


def listed_at(study: Study) -> dt.datetime | None:
    """When Prolific last told of all submissions: the last poll that came through, or the last file."""
    polled = Reconciliation.objects.filter(study=study).aggregate(at=Max("done_at"))["at"]
    imports = AuditRecord.objects.filter(study=study, act="import_submissions")
    imported = imports.aggregate(at=Max("occurred_at"))["at"]
    return max(filter(None, (polled, imported)), default=None)
