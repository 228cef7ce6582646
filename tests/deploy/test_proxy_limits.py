"""The sizes in deploy/Caddyfile fit what the site takes and answers; no proxy runs for it."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

from annotations.datasets.staff_pages import import_pages
from annotations.pages.uploads import FORM_BYTES
from annotations.prolific.submission_import import LARGEST_FILE
from deploy.local.site import CADDYFILE

UNITS = {"KiB": 2**10, "MiB": 2**20}
UPLOADS = "/admin/uploads/"


def _limit(setting: str, after: str) -> int:
    """A size in the Caddyfile: the first of that name after some text."""
    found = re.search(rf"{setting} (\d+)(\w+)", CADDYFILE.read_text("utf-8").split(after)[1])
    assert found is not None
    return int(found[1]) * UNITS[found[2]]


def test_the_proxy_lets_through_whatever_the_site_takes() -> None:
    assert _limit("max_size", f"handle {UPLOADS}*") >= import_pages.max_bytes() + FORM_BYTES
    assert import_pages.max_bytes() > LARGEST_FILE
    ordinary = _limit("max_size", "\thandle {")
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < ordinary < _limit("request_buffers", "\thandle {")


def test_no_other_file_is_larger_than_an_answer_that_is_kept() -> None:
    sizes = {
        name: Path(storage.path(name)).stat().st_size for finder in get_finders() for name, storage in finder.list([])
    }
    viewer = {name for name in sizes if f"/static/{name}".startswith("/static/drf_spectacular_sidecar/")}
    assert viewer and max(sizes[name] for name in set(sizes) - viewer) < _limit("response_buffers", "\thandle {")
