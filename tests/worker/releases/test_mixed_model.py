"""The mixed model of the worked example in the docs, on people and tasks whose effects are known."""

import numpy as np
import pytest
from scipy import stats

from tests.worker.releases.mixed_model import BETWEEN, EQUAL, WITHIN, run, share_called


def test_it_tells_tasks_and_people_apart() -> None:
    found = run(200, (1, 2))
    wide = found["summary"].pivot(index="participant", columns="task", values="own_gain")
    effect = found["model"].params["C(task)[T.2]"]
    assert effect == pytest.approx((wide[2] - wide[1]).mean())  # everybody has both: the difference within people
    error = found["model"].bse["C(task)[T.2]"]
    assert error == pytest.approx((wide[2] - wide[1]).std() / np.sqrt(200), rel=0.01)
    assert found["between"] == pytest.approx(BETWEEN**2, rel=0.25)
    assert found["within"] == pytest.approx(WITHIN**2, rel=0.25)


def test_with_everybody_on_both_tasks_t_is_that_of_a_paired_test() -> None:
    for seed in range(5):
        found = run(20, (1, 2), seed, EQUAL)
        wide = found["summary"].pivot(index="participant", columns="task", values="own_gain")
        paired = stats.ttest_rel(wide[2], wide[1])
        assert found["model"].tvalues["C(task)[T.2]"] == pytest.approx(paired.statistic, rel=0.02, abs=0.02)


def test_equal_tasks_are_called_different_as_seldom_as_the_p_value_says() -> None:
    """In 40 studies of 20 people with two equal tasks (`make bench` has 400)."""
    assert share_called(40) <= 6 / 40  # 2 are expected; more than 6 in 1.4% of such runs at 6%, which is that of n = 20


def test_one_task_has_no_mixed_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert "model" not in run(5, (1,))
    assert "no mixed model: 1 task, 0 people on several" in capsys.readouterr().out
