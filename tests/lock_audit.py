"""`make audit`: known holes in what `deploy/lock.txt` names, licences that do not fit ours, and a list of all parts.

Ends with 1 where something was found, and with 3 where the list of known holes could not be asked: nobody may take that
for a pass.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from clarify_site.home import ROOT
from deploy.lock import LOCK, all_extras, blocks, name_of, needed, requirements, select

# Whoever installs the service gets these; the other extras stay on a developer's machine.
SHIPPED = ["server", "worker", "explain", "embedded", "transformers", "proxy"]
SBOM = ROOT / "build" / "sbom.json"

# Copyleft that reaches code which imports it, or terms that are no free licence. The LGPL (psycopg) does not.
UNFIT = re.compile(r"(?<!L)GPL|SSPL|BUSL|Commons Clause|Non-?Commercial|UNKNOWN", re.IGNORECASE)
COULD_NOT_ASK = 3


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
    return 1 if unfit or holes else COULD_NOT_ASK if unasked else 0


if __name__ == "__main__":
    sys.exit(main())
