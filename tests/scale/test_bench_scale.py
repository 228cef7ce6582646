"""`make bench-scale` at a fiftieth of ImageNet's size: it holds, stops where memory ends, and goes on from there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clarify_site.home import ROOT

pytestmark = pytest.mark.services


def bench(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.scale.bench_scale", *arguments]
    env = {**os.environ, "CLARIFY_HOME": str(home)}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_a_stage_that_needs_too_much_memory_is_named_and_the_next_run_goes_on_with_it(tmp_path: Path) -> None:
    # Half of what the largest stage takes, twice that of tables; one thread, since stacks count.
    asked = ("--share", "0.02", "--draws", "4")
    stopped = bench(tmp_path, *asked, "--memory-gib", "0.65", "--threads", "1")
    named = re.search("The stage “(.+)” ended with", stopped.stdout)
    assert stopped.returncode == 1 and named, stopped.stdout
    went_on = bench(tmp_path, *asked)
    assert went_on.returncode == 0, went_on.stdout
    assert "tables …" not in went_on.stdout and f"{named[1]} …" in went_on.stdout
    assert went_on.stdout.count("yes") == 3
    assert not (tmp_path / "bench-scale").exists()
