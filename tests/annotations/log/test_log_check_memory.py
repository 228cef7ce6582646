"""The comparison of log and tables takes as much memory for a large study as for a small one."""

import pytest

from annotations.log.replay import LogCheck
from annotations.models import Study
from tests.benchmarks.many_visits import copy, log, plant
from tests.support import traced_memory

_MIB = 2**20


def peak_of(study: Study) -> float:
    peak, differences = traced_memory.peak_of(lambda: list(LogCheck(study).differences()))
    assert differences == []
    return peak / _MIB


@pytest.mark.services  # each allocation of a large study is traced
def test_memory_stays_flat_as_the_study_grows(draft_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotations.log.replay.EVENTS_AT_ONCE", 100)
    study = plant(draft_study, 4, 5)
    copy(4, 23)  # more than are read at once
    log(study)
    peak_of(study)  # what is loaded once
    few = peak_of(study)
    copy(24, 83)
    log(study)
    many = peak_of(study)
    assert study.sessions.count() == 84
    assert many - few < 0.25, f"{few:.2f} MiB became {many:.2f} MiB"
