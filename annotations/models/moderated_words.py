"""The words of a phrase as they leave the site: none that the staff hid or excluded, or whose author withdrew."""

from annotations.models import Moderation, Phrase, Run

HIDDEN = "(hidden)"  # stands for a text that the staff hid
_KEPT_IN = frozenset({Moderation.HIDDEN, Moderation.EXCLUDED})


def words_of_phrase(phrase: Phrase) -> str:
    """Return the phrase, or "(hidden)"; also of a visit that is withdrawn, until its words are erased."""
    return HIDDEN if phrase.moderation in _KEPT_IN or _is_withdrawn(phrase) else phrase.text


def words_of_run(run: Run) -> str:
    """Return the phrase that a run was trained with, or "(hidden)": of one that gave its annotation, as for phrases."""
    return HIDDEN if _KEPT_IN & _decisions(run) or _is_withdrawn(run) else run.phrase_text


def is_excluded(run: Run) -> bool:
    """Say whether every phrase that gave a run's annotation was excluded, so that the run left the results too."""
    return _decisions(run) == {Moderation.EXCLUDED}


def _is_withdrawn(row: Phrase | Run) -> bool:
    return row.assignment.session.withdrawn_at is not None


def _decisions(run: Run) -> set[str]:
    """How the phrases were moderated that gave its annotation, by their automatic or by their chosen thresholds."""
    moderation = "phrase__moderation"
    return {
        *run.scores.values_list(moderation, flat=True),
        *run.threshold_choices.values_list(moderation, flat=True),
    }
