"""Files for whoever pays by hand on Prolific's page: amounts, and lists of submissions. They hold outside ids.

For coordinators alone, each one audited, and never part of a release: this module is asked by the money pages only.
"""

from collections.abc import Iterable

from django.utils import timezone

from annotations.base.row_changes import change
from annotations.base.service_errors import IdentityDestroyed, IdentityUnreadable
from annotations.base.tables.columns import csv_text
from annotations.log import audit
from annotations.models import BatchState, PaymentBatch, Study, Submission
from annotations.payments.payment_ledger import amounts, moving, refuse_paid_on_prolific
from annotations.prolific.submissions import ids_of
from annotations.prolific_client.client import bonus_lines


def hand_out(batch: PaymentBatch, *, by: str) -> str:
    """Return a batch as a file, and mark it as handed out: from then on it counts as paid.

    It has lines "participant id,amount" without a header, as Prolific's bulk bonus box takes them, one a person. It can
    be handed out again. Raises NotPossible once it was sent to Prolific, and as
    `payment_ledger.refuse_paid_on_prolific`.
    """
    with moving(batch, lambda now: now.waits or now.state == BatchState.EXPORTED) as locked:
        is_first = locked.waits
        if is_first:
            refuse_paid_on_prolific(locked)
        text = bonus_lines(amounts(locked).items()) + "\n"
        change(locked, state=BatchState.EXPORTED, finished_at=locked.finished_at or timezone.now())
        audit.record("payment_file", locked, by=by, again=not is_first)
    return text


def submission_list(study: Study, submissions: Iterable[Submission], *, by: str, reason: str) -> str:
    """Return a CSV of submissions with their ids, for what is done with them on Prolific's page.

    Those whose ids are erased are left out. reason: what the list is of, for the audit log.
    """
    rows = []
    for submission in submissions:
        try:
            ids = ids_of(submission)
        except (IdentityDestroyed, IdentityUnreadable):
            continue
        rows.append(
            (ids.session, ids.participant, submission.submission_key, submission.status, submission.entered_code)
        )
    audit.record("submission_list", study, by=by, reason=reason, rows=len(rows))
    return csv_text(("Submission id", "Participant id", "Pseudonym here", "Status", "Completion code"), rows)
