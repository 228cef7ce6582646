"""What comes from elsewhere when the site, its images or its checks are built: by digest, or out of the lock."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from clarify_site.home import ROOT
from tests.support import lock_audit

BY_DIGEST = re.compile(r"[\w./-]+(:[\w.-]+@sha256:[0-9a-f]{64}|@[0-9a-f]{40})")
DOCKERFILES = sorted((ROOT / "deploy").glob("*Dockerfile"))
BUILDS = [
    *DOCKERFILES,
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    *(ROOT / name for name in (".binder/postBuild", ".ci/run", "Makefile")),
]
# A wheel of ours, and `NEWEST=1`, which is there to leave the lock aside.
LOCAL = re.compile(r"--no-index|--editable '\.\[|^PIP := ")


@pytest.mark.parametrize(("name", "version"), lock_audit.pins())
def test_each_image_and_each_action_is_named_by_digest_and_by_what_people_read(name: str, version: str) -> None:
    assert BY_DIGEST.fullmatch(name), f"{name} goes by a tag, which others can move"
    assert bool(version) == ("@sha256:" not in name)


def test_one_tag_has_one_digest() -> None:
    names = [name.partition("@") for name, _ in lock_audit.pins()]
    assert len({before for before, _, _ in names}) == len({(before, digest) for before, _, digest in names}) >= 7


@pytest.mark.parametrize("file", BUILDS, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_is_installed_outside_the_lock(file: Path) -> None:
    lines = [line for line in file.read_text("utf-8").split("\n") if not line.lstrip().startswith("#")]
    found = [line for line in lines if re.search(r"\bpip3? install\b|\$\(PIP\) ", line) and not LOCAL.search(line)]
    assert [line for line in found if "TORCH_INDEX" not in line] == []


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_a_dockerfile_copies_what_git_has_and_runs_as_somebody_else_than_root(file: Path) -> None:
    text = file.read_text("utf-8").replace("\\\n", " ")
    for words in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        *sources, _target = [word for word in words.split() if not word.startswith("--")]
        assert sources and all((ROOT / source).exists() for source in sources)
    ignored = {line.strip("/") for line in (ROOT / ".dockerignore").read_text("utf-8").split()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "manage.py", "deploy/lock.txt", "deploy/lock.py"}
    assert not ignored & {*needed, *(name.partition("/")[0] for name in needed)}
    stages = text.split("\nFROM ")[1:]
    assert [stage for stage in stages if "AS base" not in stage and "\nUSER clarify\n" not in stage] == []


def _answers(monkeypatch: pytest.MonkeyPatch, **answers: tuple[int, str]) -> None:
    """The programs that know, of which one that is not named is not there."""

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        code, said = answers[command[0]]
        return subprocess.CompletedProcess(command, code, said, "")

    monkeypatch.setattr(shutil, "which", lambda program: program if program in answers else None)
    monkeypatch.setattr(subprocess, "run", run)


def test_the_audit_names_each_pin_that_nobody_could_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _answers(monkeypatch, git=(128, ""))
    assert lock_audit.tell_of_pins() == lock_audit.COULD_NOT_ASK
    said = capsys.readouterr().out
    assert all(name in said for name, _ in lock_audit.pins())
    assert "By no digest: torch, torchvision" in said


def test_the_audit_fails_where_a_tag_is_another_commit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _answers(monkeypatch, git=(0, f"{'0' * 40}\trefs/tags/v5.1.0"), docker=(0, json.dumps({})))
    assert lock_audit.tell_of_pins() == 1
    assert "Pins that are not what their tags name:\nactions/checkout@" in capsys.readouterr().out


def test_the_audit_passes_where_all_who_were_asked_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    commits = " ".join(name.partition("@")[2] for name, version in lock_audit.pins() if version)
    _answers(monkeypatch, git=(0, commits), docker=(0, json.dumps({})))
    assert lock_audit.tell_of_pins() == 0
