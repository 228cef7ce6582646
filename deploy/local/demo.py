"""The main job from end to end on one machine: `make demo` in a checkout, `clarify demo` anywhere.

Starts PostgreSQL, Valkey, the site and its workers, builds the sprites data set, trains the base model, opens a study,
sends simulated participants through the pages, retrains, exports, prints the results, and leaves the site running.
"""

import argparse
import os
import socket
import sys
import time
from contextlib import suppress
from types import ModuleType

from django.db import DatabaseError
from rich.console import Console

from deploy.local.folder import DemoFolder, writing
from deploy.local.processes import CannotRun
from deploy.local.services import listen
from deploy.local.stack import Stack, Stopped, manage, shutting_down_in_order, start_stack, stop_on_signals
from deploy.local.stages import StageFailed, Stages

FIRST_PORT, PORTS_TO_TRY, HIGHEST_PORT = 8000, 100, 65535
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    arguments = _arguments()
    stop_on_signals()
    folder = DemoFolder()
    try:
        with folder.locked(), writing(folder.path), _listener(arguments.port) as listener:
            return _demo(folder, arguments.pool, listener, once=arguments.once, reset=arguments.reset)
    except (CannotRun, StageFailed) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except DatabaseError as error:
        console.print(f"PostgreSQL failed: {error} The same command continues from here.", style="red", markup=False)
        return 1
    except Stopped:
        console.print(
            "Stopped. All data are kept. The same command continues from here; with --reset (`make demo`: RESET=1) it "
            "starts over."
        )
        return 0 if not arguments.once else 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clarify demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop everything once the job is done")
    parser.add_argument("--reset", action="store_true", help="remove all that earlier demos made, then begin")
    parser.add_argument(
        "--pool", type=int, default=2400, metavar="N", help="unlabelled drawings (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, help=f"of the site (default: PORT, else the first free from {FIRST_PORT})")
    return parser.parse_args()


def _demo(folder: DemoFolder, n_drawings: int, listener: socket.socket, *, once: bool, reset: bool) -> int:
    stages = Stages(console)
    with shutting_down_in_order() as running:
        stack = start_stack(running, folder, stages, listener=listener, reset=reset)
        env, site, job = stack.env, stack.site, stack.job
        with stages.stage("Site and workers"):
            password = folder.secret("coordinator-password", 12)
            job.ensure_coordinator(password)
            study = job.the_study()
            site.start()
            site.wait_until_ready()
            running.enter_context(folder.published(env))
        if not job.has_keywords():
            with stages.stage("Keywords of a machine"):
                manage(env, "rank_keywords", *job.keyword_arguments(folder.exports))
        if not job.is_open(study):
            stages.follow("Rehearsal", "simulated participants", job.rehearse(study))
        _play(stages, job, study, f"http://127.0.0.1:{site.port}", n_drawings)
        with stages.stage("Export"):
            export = job.export(folder.exports)
        _print_results(stages, job, study)
        console.print(f"   Participant's link    {job.link_for_one_more(study)}")
        console.print(f"   Coordinator's link    {env['SITE_URL']}/admin/")
        console.print(f"                         user {job.COORDINATOR}, password {password}")
        console.print(f"   Export                {export}")
        console.print(f"   Logs                  {folder.logs}")
        if not once:
            console.print("\nThe site runs until you press Ctrl-C.")
            _tend(stack)
    return 0


def _play(stages: Stages, job: ModuleType, study: object, address: str, n_drawings: int) -> None:
    if not job.is_crowd_complete(study):
        with stages.stage(f"{job.PARTICIPANTS} simulated participants"), stages.bar("visits", job.PARTICIPANTS) as bar:
            job.send_crowd(study, address, lambda report: bar(advance=1))
    job.send_expert(study)
    stages.follow("Scores and retraining", "phrases and runs", job.work_left(study))
    stages.follow("Baselines and correction", "methods and heads", job.measure_and_correct(study))
    stages.follow("Gathering from a pool", "drawings and models", job.gather(study, n_drawings))


def _print_results(stages: Stages, job: ModuleType, study: object) -> None:
    console.print(f"\n[bold]{job.TITLE}[/bold]")
    for line in job.results(study):
        console.print(f"   {line}", markup=False)
    stages.print_times()
    console.print()


def _tend(stack: Stack) -> None:
    while True:
        time.sleep(1)
        for name in stack.tend():
            console.print(f"{name} had stopped and was started again.")


def _listener(asked: int | None) -> socket.socket:
    """Take the port asked for, or the first free one. Raises CannotRun where the port asked for is taken or none."""
    wanted = str(asked or os.environ.get("PORT", ""))
    if wanted:
        asked = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 5 else 0
        if not 0 < asked <= HIGHEST_PORT:
            raise CannotRun(f"{wanted!r} is not a port. Choose one from 1 to {HIGHEST_PORT} with PORT=…, or omit PORT.")
        try:
            return listen(asked)
        except OSError:
            raise CannotRun(f"Port {asked} is in use. Choose another with PORT=…, or omit PORT.") from None
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY):
        with suppress(OSError):
            return listen(port)
    raise CannotRun(
        f"The ports {FIRST_PORT} to {FIRST_PORT + PORTS_TO_TRY - 1} are all in use. Choose another with PORT=…."
    )


if __name__ == "__main__":
    sys.exit(main())
