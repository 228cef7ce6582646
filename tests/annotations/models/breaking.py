"""Ways to break a row, for the tests of constraints."""

import uuid
from collections.abc import Callable

from django.apps import apps
from django.db import connection, models

Way = Callable[[], object]


def again(model: type[models.Model], **changes: object) -> Way:
    """Insert a copy of the model's first row, with changes."""

    def insert() -> None:
        row = model._default_manager.order_by("pk")[0]
        row.pk = None
        if hasattr(row, "public_id"):
            row.public_id = uuid.uuid4()
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    return insert


def change(model: type[models.Model], **changes: object) -> Way:
    """Change the model's first row."""
    return lambda: model._default_manager.filter(pk=model._default_manager.order_by("pk")[0].pk).update(**changes)


def drop_other_checks(name: str) -> None:
    """Until the test's transaction ends, leave no other check that might refuse first."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in apps.get_app_config("annotations").get_models():
            for other in model._meta.constraints:
                if isinstance(other, models.CheckConstraint) and other.name != name:
                    cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{other.name}"')
