"""What deploy/monitoring asks of /metrics: by a real Prometheus that scrapes a running site, and by its promtool."""

import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from django.core.management import call_command

from annotations.models import Run, RunState, Study
from annotations.simulation import crowd
from annotations.simulation.personas import Persona
from annotations.visits.preview_links import simulated_parameters
from deploy.local import site as site_module
from deploy.local.services import free_port
from deploy.local.site import Site, roles
from tests.support.debian_packages import find_in_packages

MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
ALERT_TESTS = Path(__file__).with_name("alert_tests.yaml")
RULES = yaml.safe_load((MONITORING / "alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]
PANELS = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))["panels"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
# No job waits on this site, so none has waited for any time.
EMPTY_ON_PURPOSE = {"max by (kind) (clarify_oldest_pending_job_seconds)"}
TOKEN = "a token of twenty characters"

pytestmark = pytest.mark.services


def _program(name: str) -> Path:
    installed = shutil.which(name)
    found = Path(installed) if installed else find_in_packages(f"usr/bin/{name}", (name,))
    if found is None:
        pytest.skip(f"{name} is not installed, and Debian's package could not be had")
    return found


@pytest.fixture
def site(subprocess_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """The port of a site that scores and retrains."""
    kept = ("proxy", "web", "worker-interactive", "worker-retrain", "beat")
    monkeypatch.setattr(
        site_module, "roles", lambda socket, scratch: {name: roles(socket, scratch)[name] for name in kept}
    )
    port = free_port()
    running = Site(port, subprocess_environment | {"METRICS_TOKEN": TOKEN}, tmp_path, tmp_path)
    running.start()
    try:
        running.wait_until_ready()
        yield port
    finally:
        running.stop()


@pytest.fixture
def prometheus(site: int, tmp_path: Path) -> Iterator[httpx2.Client]:
    """A Prometheus that reads the shipped configuration, but for the site's address and how often it looks."""
    program, port = _program("prometheus"), free_port()
    config = yaml.safe_load((MONITORING / "prometheus.yaml").read_text("utf-8"))
    (scrape,) = config["scrape_configs"]
    (tmp_path / "token").write_text(TOKEN)
    scrape |= {"scheme": "http", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{site}"]}]}
    scrape["authorization"]["credentials_file"] = str(tmp_path / "token")
    config["global"] = {"evaluation_interval": "1s"}
    config["rule_files"] = [str(MONITORING / name) for name in config["rule_files"]]
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config))
    command = [str(program), f"--config.file={tmp_path}/prometheus.yaml", f"--storage.tsdb.path={tmp_path}/series"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log, env={**os.environ}
        )
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as client:
                _wait_for(lambda: _is_up(client))
                yield client
        finally:
            process.terminate()
            process.wait()


def test_every_expression_gives_what_it_should(
    prometheus: httpx2.Client, site: int, open_study: Study, tmp_path: Path
) -> None:
    # What Prometheus sees for the first time has not grown yet: rates are of what the second person does.
    for seed in range(2):
        _send_somebody(site, open_study, seed)
        _wait_for(lambda: bool(_values(prometheus, 'clarify_http_request_seconds_count{view="submit_phrase"}')))
    _wait_for(lambda: Run.objects.exists() and not Run.objects.filter(state=RunState.PENDING).exists())
    call_command("back_up", tmp_path / "back-up")
    expected = [each for each in EXPRESSIONS if each not in EMPTY_ON_PURPOSE]
    _wait_for(lambda: all(_values(prometheus, each) and _are_numbers(_values(prometheus, each)) for each in expected))
    values = {each: _values(prometheus, each) for each in EXPRESSIONS}
    assert {each for each, found in values.items() if not found} == EMPTY_ON_PURPOSE
    assert [each for each, found in values.items() if not _are_numbers(found)] == []
    assert values["max(clarify_pending_phrases)"] == [0] and values['sum(up{job="clarify"})'] == [1]
    (rules,) = prometheus.get("/rules").json()["data"]["groups"]
    assert [rule["name"] for rule in rules["rules"]] == [rule["alert"] for rule in RULES]
    assert {rule["health"] for rule in rules["rules"]} == {"ok"}
    # No such worker runs on this site. That there was no back-up at first is forgotten at the next evaluation.
    unserved = [("ClarifyQueueIsNotServed", queue) for queue in ("analysis", "embed", "maintenance", "outside")]
    _wait_for(lambda: _raised(prometheus) == unserved)
    assert _raised(prometheus) == unserved


def test_each_rule_fires_in_its_time(tmp_path: Path) -> None:
    promtool = _program("promtool")
    for file in (MONITORING / "alerts.yaml", ALERT_TESTS):
        shutil.copy(file, tmp_path)
    for command in (["check", "rules", "alerts.yaml"], ["test", "rules", ALERT_TESTS.name]):
        done = subprocess.run([promtool, *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load(ALERT_TESTS.read_text("utf-8"))["tests"]
    expected = [case for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")]
    assert {case["alertname"] for case in expected} == {rule["alert"] for rule in RULES}


def _send_somebody(site: int, study: Study, seed: int) -> None:
    def link(number: int, _persona: Persona) -> dict[str, str]:
        return simulated_parameters(study, number, seed=seed)

    crowd.send(f"http://127.0.0.1:{site}", "/study/sprites/", link, [Persona("somebody", ("red", "blue"))], at_once=1)


def _are_numbers(values: list[float]) -> bool:
    return not any(math.isnan(value) for value in values)


def _is_up(prometheus: httpx2.Client) -> bool:
    try:
        return _values(prometheus, 'up{job="clarify"}') == [1]
    except httpx2.TransportError:
        return False


def _raised(prometheus: httpx2.Client) -> list[tuple[str, str]]:
    labels = [alert["labels"] for alert in prometheus.get("/alerts").json()["data"]["alerts"]]
    return sorted((each["alertname"], each.get("queue", "")) for each in labels)


def _values(prometheus: httpx2.Client, expression: str) -> list[float]:
    answer: dict[str, Any] = prometheus.get("/query", params={"query": expression}).json()
    assert answer["status"] == "success", (expression, answer)
    return [float(each["value"][1]) for each in answer["data"]["result"]]


def _wait_for(happened: Any, within_s: float = 90) -> None:
    until = time.monotonic() + within_s
    while not happened() and time.monotonic() < until:
        time.sleep(0.3)
