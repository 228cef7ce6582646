"""0054 makes files of the predictions that earlier versions stored in rows of base models."""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from annotations.base import unnamed_files
from annotations.base.data_store.folder_store import FolderStore
from annotations.models import BaseModel

BEFORE = "0053_rules_said_shorter"
ANOTHER_MODEL = """
INSERT INTO annotations_basemodel
    (dataset_id, name, origin, l2, validation_accuracies, test_metrics, training, created_at, predictions)
SELECT dataset_id, 'another', origin, l2, validation_accuracies, test_metrics, training, created_at, predictions
FROM annotations_basemodel
"""


def apply(name: str, state: ProjectState) -> ProjectState:
    """Run a migration on the test's database."""
    migration: Any = MigrationLoader(connection).graph.nodes["annotations", name]
    with connection.schema_editor() as editor:
        after: ProjectState = migration.apply(state, editor)
    return after


@pytest.fixture
def predictions(base_model: BaseModel, own_store: FolderStore) -> bytes:
    """What lies in the model's row as the release before left it, and nowhere else."""
    (digest,) = unnamed_files.named()
    content = bytes(own_store.read(digest))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("UPDATE annotations_basemodel SET predictions = %s", [content])
        cursor.execute("ALTER TABLE annotations_basemodel DROP predictions_sha256, ALTER predictions DROP DEFAULT")
    own_store.remove(digest, 4e9)
    return content


def migrate() -> None:
    apply("0054_predictions_are_files", MigrationLoader(connection).project_state(("annotations", BEFORE)))


def test_predictions_become_a_file_that_their_row_names(predictions: bytes, own_store: FolderStore) -> None:
    assert list(own_store.put_before(4e9)) == []
    migrate()
    again = BaseModel.objects.get()
    assert bytes(again.predictions) == predictions == again.predicted.tobytes()
    assert unnamed_files.named() == {again.predictions.digest} == set(own_store.put_before(4e9))


def test_pages_of_the_release_before_still_find_them_in_the_row(predictions: bytes) -> None:
    migrate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT predictions FROM annotations_basemodel")
        assert bytes(cursor.fetchone()[0]) == predictions


def test_the_release_before_cannot_store_predictions_that_have_no_file(predictions: bytes) -> None:
    migrate()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="predictions_sha256"):
        cursor.execute(ANOTHER_MODEL)
