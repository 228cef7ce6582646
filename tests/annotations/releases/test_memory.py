"""An export streams: ten times the events take no more memory."""

import io
from typing import IO, Any

import pytest
from django.db import connection

from annotations.models import Event, Study
from annotations.releases.study_export import write_study_zip
from tests.support import traced_memory
from tests.support.actors import Visit

_MIB = 2**20


class _Nowhere(io.RawIOBase, IO[bytes]):
    """A file that keeps nothing."""

    def __init__(self) -> None:
        self._at = 0

    def write(self, data: Any) -> int:
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        pass

    def seekable(self) -> bool:
        return False


def peak_of(study: Study) -> float:
    return traced_memory.peak_of(lambda: write_study_zip(study, _Nowhere()))[0] / _MIB


@pytest.mark.services  # each allocation for 33,000 events is traced
@pytest.mark.django_db(transaction=True)
def test_memory_stays_flat_as_the_log_grows(open_study: Study, alice: Visit) -> None:
    payload = {"rows": {"right": list(range(50))}, "draws": {"right": 1}, "text": "x" * 200}
    event = Event.objects.create(study=open_study, session=alice.session, kind="screen_shown", payload=payload)
    columns = ", ".join(str(field.column) for field in Event._meta.concrete_fields if not field.primary_key)
    copied = f"INSERT INTO {Event._meta.db_table} ({columns}) SELECT {columns} FROM {Event._meta.db_table}"

    def add_events(n: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"{copied}, generate_series(1, %s) WHERE id = %s", [n, event.pk])

    add_events(3_000)
    write_study_zip(open_study, _Nowhere())  # what is loaded once
    few = peak_of(open_study)
    add_events(30_000)
    many = peak_of(open_study)
    assert many - few < 1, f"{few:.1f} MiB became {many:.1f} MiB"
