"""0010 and 0011 seal what Clarify 0.10 stored: pseudonyms and people's links stay, and no key stands unsealed."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.test import Client

from annotations.log import key_rotation, withdrawal_keys
from annotations.log.identities import key_of, pseudonym
from annotations.log.key_rotation import Seals
from annotations.models import AnnotationSession, Study
from tests.support.actors import Visit, create_study

BEFORE, EXPAND, CONTRACT = "0009_sealed_second_factors", "0010_seal_keys_of_studies", "0011_drop_plain_keys_of_studies"
DEFAULTS = "0051_defaults_said_once"


@pytest.fixture
def keys(alice: Visit, bob: Visit) -> dict[str, str]:
    """Each study's key, by its slug, in a database that is again as 0.10 left it; "gone" has destroyed its own."""
    study = alice.session.study
    create_study(study.tasks.get().base_model, "gone")
    keys = {"sprites": key_of(study).decode(), "gone": ""}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # rows that wait for a check keep a table from being altered
        cursor.execute("ALTER TABLE annotations_study ADD pseudonym_key varchar(64) NOT NULL DEFAULT ''")
        for slug, key in keys.items():
            cursor.execute("UPDATE annotations_study SET pseudonym_key = %s WHERE slug = %s", [key, slug])
        cursor.execute("ALTER TABLE annotations_study ALTER pseudonym_key DROP DEFAULT, DROP sealed_pseudonym_key")
        cursor.execute("ALTER TABLE annotations_annotationsession DROP sealed_withdrawal_token")
    return keys


def apply(name: str, state: ProjectState) -> ProjectState:
    """Run a migration on the test's database."""
    migration: Any = MigrationLoader(connection).graph.nodes["annotations", name]
    with connection.schema_editor() as editor:
        after: ProjectState = migration.apply(state, editor)
    return after


def give_columns_their_defaults() -> None:
    """Put back the defaults that later columns had for statements which do not name them."""
    loader = MigrationLoader(connection)
    migration: Any = loader.graph.nodes["annotations", DEFAULTS]
    # Django's way back makes the classes of all models anew for each column.
    before, after = (loader.project_state(("annotations", DEFAULTS), at_end=ended).apps for ended in (False, True))
    with connection.schema_editor() as editor:
        for operation in migration.operations:
            had, has = (apps.get_model("annotations", operation.model_name) for apps in (before, after))
            editor.alter_field(has, has._meta.get_field(operation.name), had._meta.get_field(operation.name))


def link_of(visit: Visit, key: str) -> str:
    """A visit's link as 0.10 made it, with the key that makes pseudonyms."""
    public_id = visit.session.public_id
    digest = hmac.digest(key.encode(), f"withdraw {public_id}".encode(), hashlib.sha256)
    return f"/withdraw/{public_id}?key={base64.b32encode(digest).decode()[:26].lower()}"


def test_what_0_10_stored_is_sealed_and_goes_on(keys: dict[str, str], alice: Visit, bob: Visit, client: Client) -> None:
    assert key_rotation.count() == Seals(newest=2, older=0, unknown=0)  # `migrate` asks before it changes anything
    state = MigrationLoader(connection).project_state(("annotations", BEFORE))
    state = apply(EXPAND, state)
    apply(CONTRACT, state)
    study, gone = Study.objects.get(slug="sprites"), Study.objects.get(slug="gone")
    assert key_of(study).decode() == keys["sprites"]
    assert not gone.keeps_ids
    assert pseudonym(study, "S", alice.external_ids["SESSION_ID"]) == alice.session.submission_key
    assert client.post(link_of(alice, keys["sprites"])).status_code == 303
    assert list(AnnotationSession.objects.filter(withdrawn_at=None)) == [bob.session]
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, Study._meta.db_table)
    assert "pseudonym_key" not in {column.name for column in columns}


def test_a_site_of_0_10_that_still_runs_meanwhile_loses_nothing(keys: dict[str, str], alice: Visit, bob: Visit) -> None:
    give_columns_their_defaults()
    before = MigrationLoader(connection).project_state(("annotations", BEFORE))
    state = apply(EXPAND, before.clone())
    old: Any = before.apps
    studies, visits = (old.get_model("annotations", name).objects for name in ("Study", "AnnotationSession"))
    studies.create(slug="new", title="New", completion_code="1", pseudonym_key="ab")
    his = ("study_id", "configuration_id", "participant_id", "seed", "code_version")
    made = visits.create(**visits.values(*his).get(pk=bob.session.pk), submission_key="Slate")
    apply(CONTRACT, state)
    assert key_of(Study.objects.get(slug="new")) == b"ab"
    visit = Visit(AnnotationSession.objects.get(pk=made.pk), bob.assignment, bob.client, {})
    assert withdrawal_keys.token(visit.session) == link_of(visit, keys["sprites"]).split("=")[1]
