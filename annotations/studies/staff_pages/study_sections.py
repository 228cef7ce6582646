"""The sections of a study's form, of study_sections.toml, and what the fields of each hold now."""

from collections.abc import Callable
from typing import Any, NamedTuple

from annotations.allocation.plain_links import limits_in_words
from annotations.base.word_files import read_words
from annotations.models import Study
from annotations.models.payment import amount
from annotations.models.primary_measures import MEASURES


class Section(NamedTuple):
    """One section: its key and title, its fields, what they are now in a line, and the sentence below its title."""

    key: str
    title: str
    fields: tuple[str, ...]
    present: Callable[[Study], str]
    description: str = ""

    def as_fieldset(self) -> tuple[str, dict[str, Any]]:
        classes = () if self.key == "study" else ("collapse",)
        return self.title, {"fields": self.fields, "description": self.description, "classes": classes}


def _or_none(value: object, words: str, without: str) -> str:
    return words.format(value) if value else without


_PRESENT: dict[str, Callable[[Study], str]] = {
    "study": lambda study: study.title,
    "reading": lambda study: (
        f"{study.get_language_display()} · {_or_none(study.introduction, 'own', 'no')} introduction · "
        f"phrases in {study.get_phrase_language_display()}"
    ),
    "translations": lambda study: ", ".join(sorted(study.translations)) or "None: shown as you wrote it",
    "wordings": lambda study: (
        f"{'No goal' if study.goal is None else f'“Enough” from {study.goal:g} on'} · "
        f"{'other wordings are suggested' if study.suggest_rewordings else 'no suggestions'}"
    ),
    "entry": lambda study: " · ".join(filter(None, (study.who_enters, limits_in_words(study), "codes"))),
    "places": lambda study: (
        f"{study.get_audience_display().capitalize()} · a place is kept {study.lease_minutes} minutes"
    ),
    "money": lambda study: (
        f"{_or_none(study.bonus_cents and amount(study.bonus_cents, study.currency), 'Bonus {}', 'No bonus')} · "
        f"at least {amount(study.min_hourly_cents, study.currency)} an hour"
    ),
    "ending": lambda study: (
        f"{'What their words did' if study.show_effect else 'The code'} · "
        f"{'asked for their trust' if study.ask_trust else 'not asked for their trust'}"
    ),
    "questions": lambda study: (
        f"{'Check after the tutorial' if study.comprehension_check else 'No check'} · "
        f"{len(study.end_questions.splitlines()) or 'none'} at the end"
    ),
    "analysis": lambda study: "; ".join(MEASURES[each] for each in study.primary_measures) or "No primary measure",
    "retraining": lambda study: study.get_scheme_display().capitalize(),
    "privacy": lambda study: _or_none(
        study.retention_days, "Ids are deleted {} days after closing", "You delete ids by hand"
    ),
    "alarms": lambda study: _or_none(study.alarm_email, "Shown under Run · to {}", "Shown under Run · no e-mail"),
    "parameters": lambda study: f"{study.participant_parameter}, {study.study_parameter}, {study.session_parameter}",
}
_WORDS = read_words(__package__, "study_sections")
SECTIONS = tuple(
    Section(key, words["title"], tuple(words["fields"]), _PRESENT[key], words.get("description", ""))
    for key, words in _WORDS.items()
)
HELP: dict[str, str] = {
    name: words for section in _WORDS.values() for name, words in section["fields"].items() if words
}
FIELDSETS: Any = tuple(section.as_fieldset() for section in SECTIONS)
# Whoever has a code can hand in a submission with it.
COORDINATORS_ONLY = frozenset(
    {"completion_code", "no_consent_code", "failed_check_code", "researcher_code", "completion_url"}
)


def fieldsets_for_analysts() -> Any:
    """Return the sections without what coordinators alone see."""
    kept = [
        section._replace(fields=tuple(name for name in section.fields if name not in COORDINATORS_ONLY))
        for section in SECTIONS
    ]
    return tuple(section.as_fieldset() for section in kept)
