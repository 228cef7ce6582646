"""The proxy's limits lie just above the site's own. A real Caddy with deploy/Caddyfile, before the real web role."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from django.conf import settings
from django.test import Client

from annotations.admin.datasets import archive_upload, imports
from annotations.models import Study, Submission
from annotations.services.prolific.submission_csv import LARGEST_FILE
from deploy.local import site as site_module
from deploy.local.services import free_port
from deploy.local.site import Site, roles

CADDYFILE = Path(__file__).resolve().parents[2] / "deploy" / "Caddyfile"
UNITS = {"KiB": 2**10, "MiB": 2**20}
TOKEN = "a" * 32
ENVELOPE = 4096  # what a form with a file has beside the file, at most
FILE = "Submission id,Participant id,Status\n5f0000000000000000000001,5f0000000000000000000002,AWAITING REVIEW\n"
PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def _limit(matcher: str) -> int:
    """Most bytes of a body that the Caddyfile lets through for a matcher."""
    found = re.search(rf"request_body @{matcher} {{\s+max_size (\d+)(\w+)", CADDYFILE.read_text("utf-8"))
    assert found is not None
    return int(found[1]) * UNITS[found[2]]


def test_the_proxy_lets_through_whatever_the_site_takes() -> None:
    assert _limit("archive") >= archive_upload.max_bytes() + imports._FORM_BYTES
    assert _limit("submissions") >= LARGEST_FILE + ENVELOPE
    assert _limit("other") > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, subprocess_environment: dict[str, str], tmp_path: Path) -> Iterator[int]:
    """The port of a running web role."""
    monkeypatch.setattr(site_module, "roles", lambda port, scratch: {"web": roles(port, scratch)["web"]})
    port = free_port()
    site = Site(port, subprocess_environment, tmp_path, tmp_path)
    site.start()
    site.wait_until_ready()
    yield port
    site.stop()


@pytest.fixture
def proxy(web: int, tmp_path: Path) -> Iterator[str]:
    """The address of a proxy before it. It serves no TLS here and takes no orders."""
    program = shutil.which("caddy", path=PROGRAMS)
    assert program is not None, "Caddy is not installed: `make test-services` does that"
    port = free_port()
    config = tmp_path / "Caddyfile"
    config.write_text("{\n\tadmin off\n}\n" + CADDYFILE.read_text("utf-8"), "utf-8")
    address = f"http://localhost:{port}"
    env = {**os.environ, "SITE_HOST": address, "UPSTREAM": f"127.0.0.1:{web}", "XDG_DATA_HOME": str(tmp_path)}
    with (tmp_path / "caddy.log").open("wb") as log:
        caddy = subprocess.Popen([program, "run", "--config", config], env=env, stdout=log, stderr=log, cwd=tmp_path)
        while not _answers(address):
            assert caddy.poll() is None, (tmp_path / "caddy.log").read_text("utf-8")
            time.sleep(0.05)
        yield address
        caddy.terminate()
        caddy.wait()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/livez").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture
def browser(proxy: str, admin_client: Client) -> Iterator[httpx2.Client]:
    """An operator's browser, signed in."""
    cookies = {name: cookie.value for name, cookie in admin_client.cookies.items()} | {"csrftoken": TOKEN}
    with httpx2.Client(base_url=proxy, cookies=cookies, headers={"X-CSRFToken": TOKEN}, timeout=60) as client:
        yield client


@pytest.mark.services
def test_a_file_of_submissions_of_megabytes_reaches_the_site(open_study: Study, browser: httpx2.Client) -> None:
    file = FILE + "\n" * (LARGEST_FILE - len(FILE))
    page = f"/admin/annotations/study/{open_study.pk}/reconciliation/"
    answer = browser.post(page, data={"act": "import"}, files={"file": ("submissions.csv", file)})
    assert answer.status_code == 302
    assert Submission.objects.filter(study=open_study).count() == 1


@pytest.mark.services
def test_an_archive_of_megabytes_reaches_the_site(browser: httpx2.Client) -> None:
    answer = browser.post(
        "/admin/annotations/datasetimport/new/", data={"name": "birds"}, files={"archive": ("birds.rar", b"0" * 2**24)}
    )
    assert answer.status_code == 400
    assert "The archive has an unknown format" in answer.text


@pytest.mark.services
@pytest.mark.parametrize(
    "path", ["/language", "/admin/login/", "/visit/end", "/admin/annotations/study/add/reconciliation"]
)
def test_a_body_that_the_site_would_refuse_ends_at_the_proxy(path: str, browser: httpx2.Client) -> None:
    answer = browser.post(path, content=b"a" * 2**20, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code in (413, 502)  # Caddy says the second before its version 2.7
