"""Doing again what lies beside the back-ups and the database does not know, and writing there what it lacks.

The database is an older back-up's then, or a process ended between the file and the commit (decision 0089).
"""

from collections.abc import Iterator
from uuid import UUID

from annotations.log import audit, withdrawal_ledger
from annotations.log.unkept_withdrawals import unkept
from annotations.log.withdrawal_ledger import Act
from annotations.models import OPEN_STATES, AnnotationSession, Participant, Stage, Study
from annotations.studies import lifecycle
from annotations.visits import erasure, retention, withdrawal


def replay() -> list[str]:
    """Withdraw, erase and destroy again, as the first time; return a sentence for each. A second time there is none.

    Raises OSError where the folder cannot be read.
    """
    forgotten = withdrawal_ledger.kept(Act.FORGOTTEN)
    return [
        *_withdraw(withdrawal_ledger.kept(Act.WITHDRAWN) | forgotten),
        *_forget(forgotten),
        *_destroy_ids(withdrawal_ledger.kept(Act.IDS_DESTROYED)),
    ]


def write_missing() -> int:
    """Write what nobody could write when it was done; returns how much. Raises OSError where it cannot be read."""
    return sum(withdrawal_ledger.keep(act, [visit], at) for act, visit, at in unkept())


def _withdraw(visits: set[UUID]) -> Iterator[str]:
    left = AnnotationSession.objects.filter(public_id__in=visits, withdrawn_at=None).exclude(stage=Stage.DECLINED)
    for visit in left.order_by("pk"):
        withdrawal.withdraw(visit)
        yield f"Visit {visit.public_id} is withdrawn again."


def _forget(visits: set[UUID]) -> Iterator[str]:
    """Erase what they did, and who they are. That they are owed nothing was found out before: it is not asked again."""
    people = Participant.objects.filter(sessions__public_id__in=visits, erased_at=None).distinct()
    for person in people.order_by("pk"):
        erasure.tried(erasure.erase_content, person)
        is_left = person.sessions.filter(withdrawn_at__isnull=False, erased_at=None).exists()
        if not is_left and erasure.tried(erasure.forget, person):
            yield f"Who participant {person.pk} was is destroyed again."


def _destroy_ids(visits: set[UUID]) -> Iterator[str]:
    """Only a closed study's ids can have been destroyed, so one that is open was closed since."""
    studies = Study.objects.filter(sessions__public_id__in=visits).exclude(sealed_pseudonym_key=b"").distinct()
    for study in studies.order_by("pk"):
        if study.state in OPEN_STATES:
            lifecycle.close_study(study)
            yield f"Study {study.slug} is closed again."
        if retention.destroy_ids(study, by=audit.SYSTEM):
            yield f"The ids of study {study.slug} are destroyed again."
