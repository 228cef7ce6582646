"""What the database's triggers keep as it was written, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction

from annotations.models import AnnotationSession, AuditRecord
from tests.actors import Visit


def refuses(statement: str, because: str) -> None:
    with pytest.raises(IntegrityError, match=because), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", ["UPDATE {} SET act = 'opened'", "DELETE FROM {}"])
def test_the_audit_log_is_append_only(alice: Visit, change: str) -> None:
    AuditRecord.objects.create(study=alice.session.study, actor="ana", act="close")
    refuses(change.format("annotations_auditrecord"), "append-only")


@pytest.mark.parametrize("change", ["UPDATE {} SET kind = 'consent_given'", "DELETE FROM {}"])
def test_the_event_log_is_append_only_for_peoples_visits(alice: Visit, change: str) -> None:
    refuses(change.format("annotations_event"), "append-only")


@pytest.mark.parametrize("kind", ["preview", "simulated", "expert"])
def test_whose_visit_it_is_never_changes(alice: Visit, kind: str) -> None:
    refuses(f"UPDATE annotations_annotationsession SET kind = '{kind}'", "never changes")
    assert AnnotationSession.objects.filter(kind="participant").update(kind="participant") == 1
