"""`make audit`: known holes in what `deploy/lock.txt` names, licences that do not fit ours, a list of all parts, and
whether the images and actions that are named by digest are those of their tags.

Ends with 1 where something was found, and with 3 where somebody who knows could not be asked: nobody may take that for
a pass.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from clarify_site.home import ROOT
from deploy.lock import LOCK, RANGES, all_extras, blocks, name_of, needed, requirements, select

# Whoever installs the service gets these; the other extras stay on a developer's machine.
SHIPPED = ["worker", "explain", "embedded", "transformers", "proxy"]
SBOM = ROOT / "build" / "sbom.json"

# Copyleft that reaches code which imports it, or terms that are no free licence. The LGPL (psycopg) does not.
UNFIT = re.compile(r"(?<!L)GPL|SSPL|BUSL|Commons Clause|Non-?Commercial|UNKNOWN", re.IGNORECASE)
COULD_NOT_ASK = 3
_PINNED = re.compile(r"(?:FROM|image:) (?P<image>\S+)|uses: (?P<action>\S+)(?: # (?P<version>\S+))?")
PINS_IN = ("deploy/*Dockerfile", "deploy/compose.yaml", ".github/workflows/*.yml")
_PATIENCE_S = 30


def _tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def unfit_licences() -> list[str]:
    """A line for each shipped package whose licence does not fit; the packages have to be installed."""
    lock = blocks(LOCK.read_text(encoding="utf-8"))
    shipped = sorted(needed(lock, requirements(SHIPPED)))
    listed = json.loads(_tool("pip-licenses", "--format=json", "--from=mixed", "--packages", *shipped).stdout)
    return [f"{row['Name']} {row['Version']}: {row['License']}" for row in listed if UNFIT.search(row["License"])]


def known_holes() -> tuple[list[str], int]:
    """A line for each known hole, and how many packages the list of holes could not be asked about."""
    lock = LOCK.read_text(encoding="utf-8")
    # Of a package that is there twice, each version is asked about; the auditor takes one of a name and no markers.
    pins = sorted({line.split(" ")[0] for line in lock.splitlines() if "==" in line.split(";")[0]})
    holes: list[str] = []
    unasked = 0
    while pins:
        turn = list({name_of(pin): pin for pin in pins}.values())
        pins = [pin for pin in pins if pin not in turn]
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(turn) + "\n")
            file.flush()
            done = _tool("pip-audit", "--requirement", file.name, "--disable-pip", "--no-deps", "--format", "json")
        answers = json.loads(done.stdout)["dependencies"] if done.stdout.startswith("{") else []
        unasked += len(turn) - sum("vulns" in answer for answer in answers)
        holes += [f"{a['name']} {a['version']}: {hole['id']}" for a in answers for hole in a.get("vulns", [])]
    return holes, unasked


def write_parts_list(*options: str) -> None:
    """The parts of the lock as CycloneDX (SBOM), checked against its schema. options: of the tool."""
    SBOM.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(select(LOCK.read_text(encoding="utf-8"), all_extras()))
        file.flush()
        written = ("--output-reproducible", "--output-file", str(SBOM))
        _tool("cyclonedx-py", "requirements", *written, *options, file.name).check_returncode()


def pins() -> list[tuple[str, str]]:
    """Each image and action that the files name from outside, with the version that an action's comment tells."""
    texts = [file.read_text(encoding="utf-8") for where in PINS_IN for file in sorted(ROOT.glob(where))]
    found = {(m["image"] or m["action"], m["version"] or "") for text in texts for m in _PINNED.finditer(text)}
    own = {"base", "clarify-web", "clarify-worker"}  # a stage, and images that are built here
    return sorted((name, version) for name, version in found if name not in own)


def check_pin(name: str, version: str) -> bool | None:
    """Whether a registry has the image's digest, or the action's tag is that commit. None: nobody could be asked."""
    before, _, digest = name.partition("@")
    if version:
        answer = _asked("git", "ls-remote", f"https://github.com/{before}", f"refs/tags/{version}*")
        return None if not answer else digest in answer
    there = _asked("docker", "manifest", "inspect", f"{before.partition(':')[0]}@{digest}")
    return None if there is None else True  # why it was not found, the program tells people alone


def _asked(program: str, *arguments: str) -> str | None:
    """What a program says; None where it is not here, or got no answer."""
    if shutil.which(program) is None:
        return None
    quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [program, *arguments], env=quiet, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode else done.stdout


def tell_of_pins() -> int:
    """Say which pins are right and which nobody could check; returns what `main` ends with for them."""
    checked = {pin: check_pin(*pin) for pin in pins()}
    wrong, unasked = ([" ".join(pin) for pin, right in checked.items() if right is kind] for kind in (False, None))
    print(f"Of {len(checked)} images and actions, {len(checked) - len(wrong) - len(unasked)} are as they are pinned.")
    if wrong:
        print("\n".join(["Pins that are not what their tags name:", *wrong]))
    if unasked:
        print("\n".join(["Pins that nobody could check here:", *unasked]))
    print(f"By no digest: {', '.join(sorted(RANGES))}, which take the newest build that fits (decision 0050).")
    return 1 if wrong else COULD_NOT_ASK if unasked else 0


def main() -> int:
    write_parts_list()
    print(f"The parts are listed in {SBOM.relative_to(ROOT)}.")
    unfit = unfit_licences()
    print("\n".join(["Licences that do not fit:", *unfit]) if unfit else "All licences of shipped packages fit.")
    holes, unasked = known_holes()
    if holes:
        print("\n".join(["Known holes:", *holes]))
    if unasked:
        print(f"The list of known holes could not be asked about {unasked} packages: they were not checked.")
    elif not holes:
        print("No known holes.")
    ends = {tell_of_pins(), 1 if unfit or holes else COULD_NOT_ASK if unasked else 0}
    return 1 if 1 in ends else max(ends)


if __name__ == "__main__":
    sys.exit(main())
