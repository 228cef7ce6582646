"""Archives that nothing came of: their process was killed before it could remove them."""

import datetime as dt
from pathlib import Path

from django.conf import settings

from annotations.models import DatasetImport
from annotations.services.datasets.imports import UPLOADS

MAX_AGE = dt.timedelta(hours=24)  # since the last byte: the proxy ends an upload long before


def remove(now: dt.datetime) -> int:
    """Remove uploaded files that are older than MAX_AGE and belong to no import; return how many."""
    oldest = (now - MAX_AGE).timestamp()
    old = [path for path in _files(settings.DATA_ROOT / UPLOADS) if path.stat().st_mtime < oldest]
    names = [path.relative_to(settings.DATA_ROOT).as_posix() for path in old]
    in_use = set(DatasetImport.objects.filter(archive__in=names).values_list("archive", flat=True))
    abandoned = [path for path, name in zip(old, names, strict=True) if name not in in_use]
    for path in abandoned:
        path.unlink(missing_ok=True)
    return len(abandoned)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
