"""What the processes of a web role count of their requests is one number, also after some of them ended."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from deploy.local import site as site_module
from deploy.local.services import free_port
from deploy.local.site import Site, roles
from tests.support.served import served

pytestmark = pytest.mark.services

TOKEN = "a token of twenty characters"
PROCESSES = 2


@pytest.fixture
def site(
    monkeypatch: pytest.MonkeyPatch, subprocess_environment: dict[str, str], tmp_path: Path
) -> Iterator[tuple[Site, str]]:
    monkeypatch.setattr(site_module, "roles", lambda socket, scratch: served(roles(socket, scratch)))
    settings = {"METRICS_TOKEN": TOKEN, "WEB_PROCESSES": str(PROCESSES), "TMPDIR": str(tmp_path)}
    port = free_port()
    running = Site(port, subprocess_environment | settings, tmp_path, tmp_path)
    running.start()
    running.wait_until_ready()
    yield running, f"http://127.0.0.1:{port}"
    running.stop()


def test_requests_of_all_processes_are_counted_together_and_none_is_forgotten(
    site: tuple[Site, str], tmp_path: Path
) -> None:
    master = psutil.Process(site[0].pid("web"))
    with httpx2.Client(base_url=site[1], headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as prometheus:
        for death in range(2):
            _look(prometheus, 10)
            assert _counted(prometheus) == 10 * (death + 1)
            ended = master.children()[0]
            ended.kill()
            while len(master.children()) < PROCESSES or ended in master.children():
                time.sleep(0.05)
        assert _counted(prometheus) == 20  # after the second death too
        assert len(list(tmp_path.glob("clarify-metrics-*/histogram_*.db"))) <= PROCESSES


def _look(client: httpx2.Client, times: int) -> None:
    for _ in range(times):
        assert client.get("/livez").status_code == 200


def _counted(client: httpx2.Client) -> int:
    found = re.search(
        r'request_seconds_count\{method="GET",status="200",view="livez"\} (\d+)', client.get("/metrics").text
    )
    assert found is not None
    return int(float(found[1]))
