"""Migrations 0020 to 0022 on rows of the version before: ids in clear become sealed, and nothing else is lost."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from annotations.models import AnnotationSession, Event, IdentityKey, Study, Submission
from annotations.services.logs import identities

BEFORE, SEALED = "0012_visit_from_arrival_to_end", "0021_seal_identities_and_guard_the_audit"
IDS = {"participant": "5f1b", "study": "64a0", "session": "77c2"}


@pytest.mark.django_db
def test_entries_of_the_version_before_become_sealed_submissions() -> None:
    """All in the test's transaction, which takes the tables back too. Going through the migrations takes seconds."""
    newest = max(name for _app, name in MigrationExecutor(connection).loader.graph.leaf_nodes("annotations"))
    store_old_rows(migrate(BEFORE))

    half = migrate(SEALED)  # an upgrade that stops here has lost nothing
    assert half.get_model("annotations", "Entry").objects.count() == 2
    assert half.get_model("annotations", "Submission").objects.count() == 2

    migrate(newest)
    each_entry_is_a_submission_with_its_ids_sealed()
    no_id_is_left_in_clear()
    visits = AnnotationSession.objects.counted().filter(study__slug="old")
    assert [(visit.kind, visit.tier, visit.is_late) for visit in visits] == [("participant", "unverified", False)] * 2
    assert Event.objects.filter(kind="session_entered").count() == 2


def each_entry_is_a_submission_with_its_ids_sealed() -> None:
    study = Study.objects.get(slug="old")
    found = {row.submission_key: row for row in Submission.objects.select_related("session")}
    assert set(found) == {"S1", "S2"}
    for key, row in found.items():
        assert row.session is not None and row.sealed_ids is not None
        assert (row.session.submission_key, row.pseudonym, row.status) == (key, "PAAA", "")
        assert identities.unseal(study, row.pseudonym, bytes(row.sealed_ids)) == {
            **IDS,
            "session": f"{IDS['session']}-{key}",
        }
    assert IdentityKey.objects.count() == 1  # one person, one key


def no_id_is_left_in_clear() -> None:
    assert "annotations_entry" not in connection.introspection.table_names()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(s)::text FROM annotations_submission s")
        rows = " ".join(text for (text,) in cursor.fetchall())
    assert not [value for value in IDS.values() if value in rows]


def migrate(name: str) -> Any:
    """Bring the app to a migration, and return the models as they were then."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    state = MigrationExecutor(connection).migrate([("annotations", name)])
    return state.apps


def store_old_rows(old: Any) -> None:
    """A study of the version before with two visits of one person, an entry each."""
    study = old.get_model("annotations", "Study").objects.create(
        slug="old", title="Old", completion_code="C0DE", state="active", opened_at=timezone.now(), pseudonym_key="k"
    )
    configuration = old.get_model("annotations", "StudyConfiguration").objects.create(
        study=study, version=1, data={}, digest="0"
    )
    person = old.get_model("annotations", "Participant").objects.create(study=study, pseudonym="PAAA")
    for key in ("S1", "S2"):
        session = old.get_model("annotations", "AnnotationSession").objects.create(
            study=study,
            configuration=configuration,
            participant=person,
            submission_key=key,
            seed=1,
            code_version="0.3.0",
        )
        old.get_model("annotations", "Entry").objects.create(
            study=study,
            session=session,
            external_participant_id=IDS["participant"],
            external_study_id=IDS["study"],
            external_session_id=f"{IDS['session']}-{key}",
        )
        old.get_model("annotations", "Event").objects.create(study=study, session=session, kind="session_entered")
