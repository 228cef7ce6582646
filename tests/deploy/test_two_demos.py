"""Two demos that are started in the same second: each has a port of its own, and answers for itself alone."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from clarify_site.site_name import site_name
from deploy.local.processes import CannotRun
from deploy.local.services import free_port
from deploy.local.site import Site
from deploy.local.site import roles as every_role
from tests.support.served import served

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

# What `make demo` does about its port, with the two roles that answer.
DEMO = """
import os, sys
from pathlib import Path
from deploy.local import demo, site
from tests.support.served import served
demo.FIRST_PORT, folder, roles = int(sys.argv[1]), Path(sys.argv[2]), site.roles
site.roles = lambda web, scratch: served(roles(web, scratch))
with demo._listener(None) as listener:
    running = site.Site(listener, os.environ, folder, folder)
    running.start()
    running.wait_until_ready()
    print(running.port, flush=True)
    sys.stdin.read()
    running.stop()
"""


def test_each_of_two_demos_answers_on_a_port_of_its_own(subprocess_environment: dict[str, str], tmp_path: Path) -> None:
    env = {name: value for name, value in {**os.environ, **subprocess_environment}.items() if name != "PORT"}
    keys = [f"{env['SECRET_KEY']}-{number}" for number in (1, 2)]
    first = str(free_port())
    demos = []
    for number, key in enumerate(keys):
        folder = tmp_path / str(number)
        folder.mkdir()
        command = [sys.executable, "-c", DEMO, first, str(folder)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        demos.append(subprocess.Popen(command, env={**env, "SECRET_KEY": key}, **pipes))  # type: ignore[call-overload]
    ports = [demo.stdout.readline().strip() for demo in demos]
    names = [
        {httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=10).json()["site"] for _ in range(20)} for port in ports
    ]
    for demo in demos:
        demo.communicate("")
    assert names == [{site_name(key)} for key in keys]
    assert len(set(ports)) == 2


def test_a_site_whose_port_another_site_answers_says_so(
    subprocess_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.site.roles", lambda web, scratch: served(every_role(web, scratch)))
    site = Site(free_port(), subprocess_environment, tmp_path, tmp_path)
    site.set("web", SECRET_KEY="of-another-site-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ")
    site.start()
    with pytest.raises(CannotRun, match=f"Another site answers on port {site.port}"):
        site.wait_until_ready()
    site.stop()
