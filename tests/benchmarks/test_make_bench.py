"""The page of benchmarks shows ratios to the named baseline."""

from typing import Any

from tests.benchmarks.make_bench import curves, page


def _bench(name: str, median: float, **extra_info: int) -> dict[str, Any]:
    return {"group": "retraining", "name": name, "param": None, "stats": {"median": median}, "extra_info": extra_info}


def test_each_row_is_compared_with_the_baseline_of_its_group() -> None:
    text = page({"benchmarks": [_bench("test_loop", 2.0, baseline=True), _bench("test_batched", 0.05)]})
    assert "| loop | 2 s | baseline |" in text
    assert "| batched | 50 ms | 40.0 x |" in text


def test_what_handles_many_at_once_is_compared_for_one() -> None:
    text = page(
        {"benchmarks": [_bench("test_loop", 2.0, heads=1, baseline=True), _bench("test_batched", 1.0, heads=20)]}
    )
    assert "| batched | 1 s | 50 ms | 40.0 x |" in text


def test_a_group_without_a_baseline_shows_no_ratio() -> None:
    assert "|  | median |\n|---|---|\n| batched | 1 s |\n" in page({"benchmarks": [_bench("test_batched", 1.0)]})


def test_the_page_names_date_machine_and_versions() -> None:
    text = page({"benchmarks": []})
    for word in ("cores", "Python", "numpy", "torch"):
        assert word in text


def test_a_table_stands_below_its_group() -> None:
    bench = _bench("test_costs", 1.0)
    bench["extra_info"]["table"] = ["", "| of | ms |", "|---|---|", "| a picture | 1.0 ms |"]
    assert page({"benchmarks": [bench]}).endswith("\n\n| of | ms |\n|---|---|\n| a picture | 1.0 ms |\n")


def test_the_curves_have_a_panel_a_group_and_a_line_a_method() -> None:
    measured = [_bench("test_training", 1.0), _bench("test_training", 2.0)]
    for size, bench in zip((10, 100), measured, strict=True):
        bench |= {"group": "by images", "extra_info": {"size": size, "ratios": {"lbfgs": 2.5 * size}}}
    drawn = curves({"benchmarks": [*measured, _bench("test_without_size", 1.0)]})
    assert drawn.count(">by images</text>") == 1
    assert "size: 100; ratio: 250; method: lbfgs" in drawn
    assert "../images/bench-growth.svg" in page({"benchmarks": measured})
