"""Heads, and what they predict on test, become files of the data store, and their columns the SHA-256 of the files.

All in one transaction, after the files are written: if it is stopped, it leaves only files behind, and can run again.
"""

from typing import Any

from django.db import migrations, models

from annotations.base.data_store.stored_files import StoredFile

COLUMNS = {  # the table that every page reads last: it is locked from then on
    "run": ("test_predictions", "head"),
    "control": ("test_predictions", "head"),
    "correction": ("head",),
    "basemodel": ("head",),
}
OPTIONAL = {("basemodel", "head"), ("run", "head"), ("run", "test_predictions"), ("correction", "head")}
HELP = {
    "test_predictions": "int32 per test image, in the manifest's row order",
    "head": "safetensors: weight, bias, feature mean and deviation",
    ("basemodel", "head"): "safetensors; empty for imported predictions",
    ("correction", "head"): "safetensors",
}


def write_files(apps: Any, schema_editor: Any) -> None:
    """Read a few rows at a time: each may be as long as a data set."""
    for model, names in COLUMNS.items():
        for name in names:
            rows = apps.get_model("annotations", model).objects.order_by().exclude(**{name: None})
            for content in rows.values_list(name, flat=True).iterator(chunk_size=8):
                StoredFile.of(bytes(content))


def _to_digests(model: str, names: tuple[str, ...]) -> migrations.SeparateDatabaseAndState:
    changes = (f"ALTER {name} TYPE varchar(64) USING encode(sha256({name}), 'hex')" for name in names)
    return migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(f"ALTER TABLE annotations_{model} {', '.join(changes)}")],
        [migrations.AlterField(model, name, _field(model, name)) for name in names],
    )


def _field(model: str, name: str) -> models.CharField:
    options = {"max_length": 64, "editable": False, "help_text": HELP.get((model, name), HELP.get(name))}
    if (model, name) in OPTIONAL:
        options["null"] = True
    if (model, name) == ("basemodel", "head"):
        options["blank"] = True
    return models.CharField(**options)


class Migration(migrations.Migration):
    dependencies = [("annotations", "0047_limits_from_the_images")]
    operations = [
        migrations.RunPython(write_files),
        migrations.RunSQL("SET LOCAL lock_timeout = '1min'"),
        *(_to_digests(model, names) for model, names in COLUMNS.items()),
    ]
