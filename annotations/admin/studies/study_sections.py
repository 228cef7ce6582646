"""The sections of a study's form, in the order of the work, and what each says of itself."""

from collections.abc import Callable
from typing import Any, NamedTuple

from annotations.admin.common.number_formats import amount
from annotations.models import Study
from annotations.models.primary_measures import MEASURES

TASKS_AFTER = "The study"  # the section that tasks and conditions follow
RETRAINING = "Retraining"


class Section(NamedTuple):
    """One section: its title, its fields, what they are now in a line, and the sentence below its title."""

    title: str
    fields: tuple[str, ...]
    present: Callable[[Study], str]
    description: str = ""

    def as_fieldset(self) -> tuple[str, dict[str, Any]]:
        classes = () if self.title == TASKS_AFTER else ("collapse",)
        return self.title, {"fields": self.fields, "description": self.description, "classes": classes}


def _or_none(value: object, words: str, without: str) -> str:
    return words.format(value) if value else without


SECTIONS = (
    Section(
        TASKS_AFTER,
        ("title", "quota", "reward_cents", "currency"),
        lambda study: study.title,
    ),
    Section(
        "What people read",
        ("slug", "language", "phrase_language", "introduction", "consent_text"),
        lambda study: (
            f"{study.get_language_display()} · {_or_none(study.introduction, 'own', 'no')} introduction · "
            f"phrases in {study.get_phrase_language_display()}"
        ),
        "What people read first. Say how long it takes, what it pays, how long data is kept and how to withdraw.",
    ),
    Section(
        "The same in other languages",
        ("translations",),
        lambda study: ", ".join(sorted(study.translations)) or "None: shown as you wrote it",
    ),
    Section(
        "Goal and other wordings",
        ("goal", "suggest_rewordings", "keyword_display"),
        lambda study: (
            f"{'No goal' if study.goal is None else f'“Enough” from {study.goal:g} on'} · "
            f"{'other wordings are suggested' if study.suggest_rewordings else 'no suggestions'}"
        ),
        "Where there are conditions, each says for its own people what of this they see.",
    ),
    Section(
        "Entry and exit",
        (
            "external_study_id",
            "only_verified",
            "completion_code",
            "no_consent_code",
            "failed_check_code",
            "failed_check_is_paid",
            "researcher_code",
            "completion_url",
        ),
        lambda study: f"{'Verified people alone' if study.only_verified else 'Anybody with the link'} · codes",
        "How people come from Prolific and go back. Each outcome has a code of its own, and the same code stands in "
        "the study on Prolific. Codes can be corrected at any time, also once the study is closed.",
    ),
    Section(
        "People and places",
        ("audience", "task_order", "restart_rule", "lease_minutes", "new_concept_chance"),
        lambda study: f"{study.get_audience_display().capitalize()} · a place is kept {study.lease_minutes} minutes",
        "Everybody gets the condition and the order of tasks that the fewest people have so far.",
    ),
    Section(
        "Money and time",
        ("max_minutes", "min_hourly_cents", "bonus_cents"),
        lambda study: (
            f"{_or_none(study.bonus_cents and amount(study.bonus_cents), 'Bonus {}', 'No bonus')} · "
            f"at least {amount(study.min_hourly_cents)} an hour"
        ),
        "Pre-flight compares these with how long people take. Nothing is paid from here without your confirmation.",
    ),
    Section(
        "Questions",
        ("comprehension_check", "end_questions"),
        lambda study: (
            f"{'Check after the tutorial' if study.comprehension_check else 'No check'} · "
            f"{len(study.end_questions.splitlines()) or 'none'} at the end"
        ),
        "Three questions of ours after the tutorial, and your own at the end.",
    ),
    Section(
        "Analysis",
        ("primary_measures",),
        lambda study: ", ".join(MEASURES[each] for each in study.primary_measures) or "No primary measure",
        "Frozen when the study opens, like all that shapes a visit.",
    ),
    Section(
        RETRAINING,
        ("scheme",),
        lambda study: study.get_scheme_display().capitalize(),
        "How much images count when the model is trained again with people's words. The page of the model's images "
        "trains it with another λ.",
    ),
    Section(
        "Privacy",
        ("researchers", "retention_days"),
        lambda study: _or_none(study.retention_days, "Ids are deleted {} days after closing", "You delete ids by hand"),
    ),
    Section(
        "Alarms",
        ("alarm_email", "alarm_webhook", "alarm_dropout", "alarm_failed_check"),
        lambda study: _or_none(study.alarm_email, "Shown under Run · to {}", "Shown under Run · no e-mail"),
        "Whom to tell when something needs a look while people are inside.",
    ),
    Section(
        "Names of the parameters in the link",
        ("participant_parameter", "study_parameter", "session_parameter"),
        lambda study: f"{study.participant_parameter}, {study.study_parameter}, {study.session_parameter}",
        "Prolific's own names. Change them only where your study on Prolific names them otherwise.",
    ),
)
FIELDSETS: Any = tuple(section.as_fieldset() for section in SECTIONS)
# Whoever has a code can hand in a submission with it, and whoever has the webhook's address can post to it.
COORDINATORS_ONLY = frozenset(
    {"completion_code", "no_consent_code", "failed_check_code", "researcher_code", "completion_url", "alarm_webhook"}
)


def fieldsets_for_analysts() -> Any:
    """Return the sections without what coordinators alone see."""
    kept = [
        section._replace(fields=tuple(name for name in section.fields if name not in COORDINATORS_ONLY))
        for section in SECTIONS
    ]
    return tuple(section.as_fieldset() for section in kept)


def present_values(study: Study) -> list[tuple[str, str]]:
    """Return each section's title with what it holds now, in a line."""
    return [(section.title, section.present(study)) for section in SECTIONS]


HELP = {
    "title": "What participants and you read above every page.",
    "slug": "The last part of the participants' link: small letters, digits and dashes.",
    "phrase_language": "The language in which people write their phrases. The encoder of each task's data set has to "
    "understand it, and the text template of each task is in it; the pages tell people so in their own language.",
    "introduction": "The welcome page: what it is, how long it takes, what it pays.",
    "researchers": "Names and institution, as in “Ann Lee, University of Leeds”. People read it before they consent.",
    "consent_text": "Stored word for word with each person's answer. {retention} stands for how long data are kept, as "
    "the section Privacy says, {writing} for what the page counts while people write; where a text lacks it, "
    "nothing is counted. As long as you change nothing here, it is there in each language of the pages.",
    "goal": "An error score between 0 and 1, from which on the page says that it is enough; empty: it says nothing.",
    "suggest_rewordings": "Offers other phrases to people who say that the program did not find what they meant.",
    "keyword_display": "The top 10 keywords that `manage.py rank_keywords` found for each class. Without them "
    "people find by themselves; what each person saw, and before which phrase, is in the export.",
    "audience": "Experts log in here and may work without a clock; their visits are marked as theirs.",
    "quota": "How many people shall complete it. Later ones are told that it is full; empty: as many as come.",
    "task_order": "With two tasks or more: does everybody do them as numbered, or does each come first equally often?",
    "restart_rule": "What becomes of a person who returned the study on Prolific and starts again.",
    "lease_minutes": "How long a place is kept for somebody who has begun, counted from consent. After that somebody "
    "else gets it, and a completion that still comes is accepted and flagged.",
    "new_concept_chance": "The results say that enough people took part once the chance that the next one names "
    "something new is below this for sure: the upper end of its 95% interval is. 0.1 takes 35 people at least.",
    "external_study_id": "The last part of the study's address on Prolific. Links with another one are refused; empty: "
    "links of any study are taken.",
    "only_verified": "Refuse people whose link is neither signed by Prolific (secure links, set in the study there) "
    "nor confirmed by its API (needs this site's token). A paid study needs it: anybody can invent other links' ids.",
    "completion_code": "For everybody who finishes. Shown only once the completion is stored.",
    "no_consent_code": "For people who decline, if you want to send them back with a code.",
    "failed_check_code": "For people who fail the check twice; empty: they are asked to return the study.",
    "failed_check_is_paid": "That code screens out with pay on Prolific. Otherwise it asks for a return.",
    "researcher_code": "A code whose actor on Prolific is the researcher: it completes the submission of somebody "
    "whose way back was lost.",
    "completion_url": "Where people go with their code; {code} stands for it. Empty: they copy the code.",
    "reward_cents": "What the study pays on Prolific, for example 3.50.",
    "currency": "Three letters, as on Prolific: GBP, USD or EUR.",
    "max_minutes": "The maximum time that Prolific gives people before it times them out.",
    "min_hourly_cents": "Pre-flight warns where the study pays less an hour than this.",
    "bonus_cents": "For a phrase above the goal and better than guessing, on held-out validation images. "
    "Empty: no bonus.",
    "retention_days": "So many days after the study is closed, the ids that tie its data to persons are destroyed; "
    "empty: you do it by hand, under “Withdrawals”. Say it in the consent text too.",
    "primary_measures": "What the study is about. These alone are tested, and their p-values adjusted together (Holm); "
    "everything else is shown as exploratory.",
    "scheme": "A phrase cuts the training images of its class into two slices, with it and without it. All retrainings "
    "of the study go by this, and what they are compared with. Frozen when the study opens. λ is the model's.",
    "comprehension_check": "Three questions after the tutorial, with two tries. Nobody is rejected for failing it.",
    "end_questions": "One a line, each may be skipped. Answers to choose from follow after |, as in “How hard was "
    "it? | easy | fine | hard”; without any, people write.",
    "alarm_email": "Gets each alarm as a message.",
    "alarm_webhook": "An https address that gets each alarm as JSON.",
    "alarm_dropout": "Alarm when this share of people leaves (0.4 is 40%).",
    "alarm_failed_check": "Alarm when this share of people fails the comprehension check.",
}
