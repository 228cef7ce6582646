"""The files of production fit the roles of the site. There is no Docker and no systemd here: they are read, not run."""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from deploy.local.site import roles

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
QUEUES = ("interactive", "retrain", "embed", "maintenance", "outside")
DOCUMENTED = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / "docs" / "operations.md").read_text("utf-8")))


def _unit(file: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(file)
    return parser


def test_compose_runs_every_role_that_the_demo_runs() -> None:
    assert set(roles(8000, Path("scratch"))) <= set(SERVICES)


@pytest.mark.parametrize("queue", QUEUES)
def test_each_queue_has_a_solo_worker_of_its_own_under_a_watchdog(queue: str) -> None:
    command = SERVICES[f"worker-{queue}"]["command"]
    assert command[command.index("-Q") + 1] == queue
    assert command[command.index("-P") + 1] == "solo"
    assert command[2] == "deploy.watchdog"


def test_the_queues_are_those_of_the_tasks() -> None:
    assert {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} == set(QUEUES)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_service_comes_back_after_it_ended(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_web_role_has_no_torch() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    web = dockerfile.split("AS web")[1].split("FROM base AS worker")[0]
    assert "'.[web]'" in web
    assert "worker" not in web
    assert SERVICES["web"]["build"]["target"] == "web"


def test_every_setting_in_compose_is_documented() -> None:
    names = {
        name.removesuffix("_FILE") for service in ("web", "worker-retrain") for name in SERVICES[service]["environment"]
    }
    assert names <= DOCUMENTED


def test_the_broker_keeps_its_messages_and_evicts_none() -> None:
    command = " ".join(SERVICES["broker"]["command"])
    assert "--appendfsync everysec" in command
    assert "--maxmemory-policy noeviction" in command


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_every_unit_comes_back_and_starts_something_that_is_there(file: Path) -> None:
    service = _unit(file)["Service"]
    assert service["Restart"] == "always"
    modules = re.findall(r"-m (deploy\.\w+)|-c (deploy/\S+)", service["ExecStart"])
    for module, path in modules:
        assert (ROOT / (path or module.replace(".", "/") + ".py")).exists()


def test_the_target_wants_every_role() -> None:
    wanted = _unit(ROOT / "deploy" / "systemd" / "clarify.target")["Unit"]["Wants"].split()
    assert {re.sub(r"@\w+", "@", name) for name in wanted} == {file.name for file in UNITS}
    assert {name for name in wanted if "@" in name} == {f"clarify-worker@{queue}.service" for queue in QUEUES}


def test_the_proxy_logs_neither_addresses_nor_query_strings() -> None:
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text("utf-8")
    for line in (
        "request>remote_ip delete",
        "request>client_ip delete",
        "request>headers delete",
        r"request>uri regexp \?.*",
    ):
        assert line in caddyfile
