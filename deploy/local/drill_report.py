"""What a drill found, as tables in Markdown and as JSON. Import it once Django is set up."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.local.comparison import Comparison
from deploy.local.drilling import Drilled, Struck
from deploy.local.people import NO_ANSWER, Post


def as_json(drilled: Drilled, about: Mapping[str, str], posts: Sequence[Post]) -> dict[str, Any]:
    """Everything, each fault by itself. posts: those that the seconds are of."""
    return {
        "about": dict(about),
        "wrong": drilled.wrong,
        "comparison": _numbers(drilled.comparison),
        "answers": {str(status): n for status, n in sorted(drilled.receipts.answers().items())},
        "post_seconds": _seconds(posts),
        "ended_unasked": dict(drilled.ended_unasked),
        "faults": [
            {
                "kind": each.fault.kind,
                "at": each.at.isoformat(timespec="milliseconds"),
                "away_s": round(each.away_s, 3),
                "recovery_s": each.recovery_s and round(each.recovery_s, 3),
            }
            for each in drilled.struck
        ],
    }


def as_markdown(drilled: Drilled, about: Mapping[str, str], posts: Sequence[Post]) -> str:
    """The same for people to read, faults by kind."""
    parts = [_about(about), _verdict(drilled), _compared(drilled.comparison), _answers(drilled, posts)]
    if drilled.struck:
        parts.append(_faults(drilled.struck))
    if drilled.ended_unasked:
        ended = ", ".join(f"{name} {times} times" for name, times in sorted(drilled.ended_unasked.items()))
        parts.append([f"Ended though no fault had hit them, and were started again: {ended}."])
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _about(about: Mapping[str, str]) -> list[str]:
    return ["# A drill", "", *(f"- {name}: {value}" for name, value in about.items())]


def _verdict(drilled: Drilled) -> list[str]:
    if not drilled.wrong:
        return ["Nothing that was acknowledged was lost, stored twice or left without its score."]
    return ["**What went wrong:**", "", *(f"- {what}" for what in drilled.wrong)]


def _compared(comparison: Comparison | None) -> list[str]:
    rows = ((name.replace("_", " "), str(value)) for name, value in _numbers(comparison).items())
    return _table(("phrases and runs", "n"), rows)


def _numbers(comparison: Comparison | None) -> dict[str, int]:
    names = ("acknowledged", "stored", "scored", "unacknowledged", "runs")
    return {name: getattr(comparison, name) for name in names} if comparison else {}


def _answers(drilled: Drilled, posts: Sequence[Post]) -> list[str]:
    words = {NO_ANSWER: "no answer"}
    rows = [(words.get(status, str(status)), str(n)) for status, n in sorted(drilled.receipts.answers().items())]
    seconds = _seconds(posts)
    said = (
        f"A POST took {seconds['p50']:.3f} s (p50), {seconds['p95']:.3f} s (p95), {seconds['worst']:.3f} s at worst, of"
    )
    return [*_table(("answer to a POST", "n"), rows), "", f"{said} {seconds['n']}."] if posts else []


def _seconds(posts: Sequence[Post]) -> dict[str, float]:
    took = sorted(post.seconds for post in posts)
    if len(took) < 2:
        return {}
    percentiles = statistics.quantiles(took, n=100, method="inclusive")
    return {"n": len(took), "p50": percentiles[49], "p95": percentiles[94], "worst": took[-1]}


def _faults(struck: Sequence[Struck]) -> list[str]:
    kinds: dict[str, list[Struck]] = {}
    for each in struck:
        kinds.setdefault(each.fault.kind, []).append(each)
    rows = (_row(kind, same) for kind, same in [*sorted(kinds.items()), ("all", struck)])
    return _table(("fault", "n", "away, median s", "new score after, median s", "worst s"), rows)


def _row(name: str, struck: Sequence[Struck]) -> tuple[str, ...]:
    away = statistics.median(each.away_s for each in struck)
    recovered = [each.recovery_s for each in struck if each.recovery_s is not None]
    if not recovered:
        return name, str(len(struck)), f"{away:.1f}", "never", "never"
    worst = f"{max(recovered):.1f}" if len(recovered) == len(struck) else "never"
    return name, str(len(struck)), f"{away:.1f}", f"{statistics.median(recovered):.1f}", worst


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
