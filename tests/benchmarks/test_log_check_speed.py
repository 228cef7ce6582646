"""`make bench`: the log of 100,000 phrases is replayed and compared with the tables: seconds and memory."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from annotations.models import Study
from tests.benchmarks.many_visits import log, plant
from tests.benchmarks.test_release_speed import MEASURED

N_VISITS, PHRASES_EACH = 1_000, 100


@pytest.fixture
def logged(transactional_db: None, draft_study: Study) -> Study:
    study = plant(draft_study, N_VISITS, PHRASES_EACH)
    log(study)
    return study


@pytest.mark.timeout(1800)
@pytest.mark.benchmark(group="the log of 100,000 phrases is compared with the tables")
def test_the_log_is_compared(benchmark: Any, logged: Study, subprocess_environment: Mapping[str, str]) -> None:
    environment = {**os.environ, **subprocess_environment, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    said = ""

    def compare() -> None:
        nonlocal said
        arguments = [sys.executable, "-c", MEASURED, "verify_log", logged.slug]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said = done.stdout

    benchmark.pedantic(compare, rounds=1, iterations=1)
    assert f"phrase {N_VISITS * PHRASES_EACH:,}," in said and f"agree on {N_VISITS:,} visits" in said
    cpu, peak = said.split("cpu ")[1].split(" peak ")
    benchmark.extra_info["note"] = (
        f"verify_log, {logged.events.count():,} events: {float(cpu):.0f} s of them its own, "
        f"peak {int(peak) / 1024:.0f} MiB"
    )
    print("\n" + benchmark.extra_info["note"])
