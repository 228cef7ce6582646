"""The audit log outlives a draft that is deleted, and gives up nothing but the link to it."""

import pytest
from django.db import IntegrityError, transaction

from annotations.log import audit
from annotations.models import AuditRecord, Study


@pytest.fixture
def record(draft_study: Study) -> AuditRecord:
    return audit.record("study_changed", draft_study, by="coordinator")


def test_a_deleted_draft_leaves_its_records(draft_study: Study, record: AuditRecord) -> None:
    draft_study.delete()
    record.refresh_from_db()
    assert (record.study, record.subject, record.actor) == (None, "sprites", "coordinator")


@pytest.mark.parametrize("change", [{"actor": "nobody"}, {"study": None, "actor": "nobody"}, {"detail": {"a": 1}}])
def test_nothing_else_of_a_record_changes(record: AuditRecord, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditRecord.objects.filter(pk=record.pk).update(**change)


def test_the_record_of_an_open_study_keeps_its_link(open_study: Study) -> None:
    record = audit.record("study_amended", open_study, by="coordinator")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditRecord.objects.filter(pk=record.pk).update(study=None)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        record.delete()
