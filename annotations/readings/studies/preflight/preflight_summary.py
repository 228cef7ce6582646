"""The pre-flight in a sentence: whether the study can open, and how much is worth a look."""

from dataclasses import dataclass

from annotations.models import Study, StudyState


@dataclass(frozen=True)
class Summary:
    """`mark`: the class of the mark, after "mark-"; `word`: what stands in it."""

    mark: str
    word: str
    sentence: str


def preflight_summary(study: Study, *, n_blocking: int, n_warnings: int) -> Summary:
    """Return the summary of a report with so many checks that block, and that warn."""
    if n_blocking:
        more = f", and {n_warnings} more {_are(n_warnings)} worth a look" if n_warnings else ""
        keep = "keeps" if n_blocking == 1 else "keep"
        sentence = f"{_things(n_blocking)} {keep} the study from opening{more}."
        return Summary("failed", "Not ready", sentence)
    worth = f"{_things(n_warnings)} {_are(n_warnings)} worth a look." if n_warnings else ""
    if study.state != StudyState.DRAFT:
        return Summary(study.state, study.get_state_display(), worth or "Everything is as it should be.")
    nothing = f"Nothing keeps the study from opening. {worth}"
    return Summary("done", "Ready", nothing if worth else "Everything is as it should be.")


def _things(n: int) -> str:
    return "1 thing" if n == 1 else f"{n} things"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
