"""What a run found, as Markdown. Import it once Django is set up."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

from tests.chaos.comparison import Comparison
from tests.chaos.course import Outcome, Struck
from tests.chaos.mutated_rounds import Round
from tests.chaos.people import NO_ANSWER, Post


def as_markdown(outcome: Outcome, about: Mapping[str, str], skipped: Mapping[str, str], rounds: Sequence[Round]) -> str:
    """The whole report, faults by kind."""
    parts = [
        ["## The last run", "", *(f"- {name}: {value}" for name, value in about.items())],
        _verdict(outcome),
        _compared(outcome.comparison),
        _answers(outcome),
        *([_faults(outcome.struck)] if outcome.struck else []),
        *([_ended(outcome)] if outcome.ended_unasked else []),
        *([[f"Left out: {what}, because {why}." for what, why in skipped.items()]] if skipped else []),
        _rounds(rounds),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _verdict(outcome: Outcome) -> list[str]:
    if not outcome.wrong:
        return [
            "Nothing that was acknowledged was lost, stored twice or left without its score; the log agrees, and every "
            "file that a row names is in the data store, undamaged."
        ]
    return ["**What went wrong:**", "", *(f"- {what}" for what in outcome.wrong)]


def _compared(comparison: Comparison | None) -> list[str]:
    names = ("acknowledged", "stored", "scored", "unacknowledged", "runs", "files")
    rows = [(name, str(getattr(comparison, name))) for name in names] if comparison else []
    return table(("phrases, runs, and files of runs", "n"), rows)


def _answers(outcome: Outcome) -> list[str]:
    words = {NO_ANSWER: "no answer"}
    rows = [(words.get(status, str(status)), str(n)) for status, n in sorted(outcome.receipts.answers().items())]
    return [*table(("answer to a POST", "n"), rows), *_seconds(outcome.receipts.posts)]


def _seconds(posts: Sequence[Post]) -> list[str]:
    took = sorted(post.seconds for post in posts)
    if len(took) < 2:
        return []
    cut = statistics.quantiles(took, n=100, method="inclusive")
    return ["", f"A POST took {cut[49]:.3f} s (median), {cut[94]:.3f} s (p95), {took[-1]:.1f} s at worst."]


def _faults(struck: Sequence[Struck]) -> list[str]:
    by_kind: dict[str, list[Struck]] = {}
    for each in struck:
        by_kind.setdefault(each.fault.kind, []).append(each)
    rows = (_row(kind, same) for kind, same in [*sorted(by_kind.items()), ("all", struck)])
    return table(("fault", "n", "lasted, median s", "new score after, median s", "worst s"), rows)


def _row(name: str, struck: Sequence[Struck]) -> tuple[str, ...]:
    lasted = f"{statistics.median(each.fault.lasts_s for each in struck):.1f}"
    recovered = [each.recovery_s for each in struck if each.recovery_s is not None]
    if not recovered:
        return name, str(len(struck)), lasted, "never", "never"
    worst = f"{max(recovered):.1f}" if len(recovered) == len(struck) else "never"
    return name, str(len(struck)), lasted, f"{statistics.median(recovered):.1f}", worst


def _ended(outcome: Outcome) -> list[str]:
    ended = ", ".join(f"{name} {times} times" for name, times in sorted(outcome.ended_unasked.items()))
    return [f"Ended though no fault had hit them, and were started again: {ended}."]


def _rounds(rounds: Sequence[Round]) -> list[str]:
    if not rounds:
        return ["The mutated rounds were not run."]
    rows = [
        (
            f"the site {each.mutation.what if each.mutation else 'as it is'}",
            str(len(each.outcome.receipts.acknowledged)),
            "; ".join(finding.partition(":")[0] for finding in each.outcome.wrong) or "nothing",
            "no" if each.wrong else "yes",
        )
        for each in rounds
    ]
    head = ("short round", "acknowledged", "what the check found", "as it must")
    what = "Each round has the same people, seed and faults: web killed, broker killed for 4 s, web killed."
    return [what, "", *table(head, rows)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
