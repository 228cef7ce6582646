"""0048 makes files of the heads and predictions that earlier versions stored in rows; what they say stays."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from annotations.base import unnamed_files
from annotations.base.data_store.folder_store import FolderStore
from annotations.models import BaseModel, Run
from tests.annotations.models.test_sealing_migrations import apply
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run

COLUMNS = (
    *(("basemodel", "head"), ("correction", "head")),
    *((model, name) for model in ("run", "control") for name in ("test_predictions", "head")),
)


@pytest.fixture
def contents(alice: Visit, own_store: FolderStore) -> dict[str, bytes]:
    """What lies in rows again as an earlier version left it, and nowhere else; by its digest."""
    add_run(add_phrase(alice, "red", 0.5), 0.5)
    add_run(add_phrase(alice, "blue", 0.5), None)
    BaseModel.objects.update(predictions=b"head")  # which became a file in 0054: here it is one of those of 0048
    contents = {digest: bytes(own_store.read(digest)) for digest in unnamed_files.named()}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model, name in COLUMNS:
            cursor.execute(f"ALTER TABLE annotations_{model} ALTER {name} TYPE bytea USING convert_to({name}, 'UTF8')")
            for digest, content in contents.items():
                values = [content, digest.encode()]
                cursor.execute(f"UPDATE annotations_{model} SET {name} = %s WHERE {name} = %s", values)
    for digest in list(own_store.put_before(4e9)):
        own_store.remove(digest, 4e9)
    return contents


def test_every_content_becomes_a_file_and_every_row_names_its_own(
    contents: dict[str, bytes], alice: Visit, own_store: FolderStore
) -> None:
    assert list(own_store.put_before(4e9)) == []
    state = MigrationLoader(connection).project_state(("annotations", "0047_limits_from_the_images"))
    apply("0048_heads_are_files", state)
    assert unnamed_files.named() == contents.keys() == set(own_store.put_before(4e9))
    run, base_model = Run.objects.get(phrase_text="red"), BaseModel.objects.get()
    assert bytes(run.head or b"") == b"head" and base_model.head is None
    assert Run.objects.get(phrase_text="blue").head is None
    assert {digest: bytes(own_store.read(digest)) for digest in unnamed_files.named()} == contents
