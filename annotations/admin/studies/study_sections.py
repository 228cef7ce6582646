"""The sections of a study's form, in the order of the work, and what each says of itself."""

from typing import Any, NamedTuple

TASKS_AFTER = "The same in other languages"  # the section that tasks and conditions follow


class Section(NamedTuple):
    """One section: its title, its fields, the sentence below its title, and whether it is closed at first."""

    title: str
    fields: tuple[str, ...]
    description: str = ""
    is_closed: bool = False

    def as_fieldset(self) -> tuple[str, dict[str, Any]]:
        options: dict[str, Any] = {"fields": self.fields, "description": self.description}
        return self.title, {**options, "classes": ("collapse",)} if self.is_closed else options


SECTIONS = (
    Section(
        "Texts",
        ("title", "slug", "language", "introduction", "consent_text"),
        "What people read first. Say how long it takes, what it pays, how long data is kept and how to withdraw.",
    ),
    Section(TASKS_AFTER, ("translations",), is_closed=True),
    Section(
        "What everybody sees",
        ("goal", "suggest_rewordings", "keyword_display"),
        "Where there are conditions, each says for its own people what of this they see.",
    ),
    Section(
        "People and places",
        ("audience", "quota", "task_order", "restart_rule", "lease_minutes", "new_concept_chance"),
        "Everybody gets the condition and the order of tasks that the fewest people have so far.",
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
        "How people come from Prolific and go back. Each outcome has a code of its own, and the same code stands in "
        "the study on Prolific. Codes can be corrected at any time, also once the study is closed.",
    ),
    Section(
        "Names of the parameters in the link",
        ("participant_parameter", "study_parameter", "session_parameter"),
        "Prolific's own names. Change them only where your study on Prolific names them otherwise.",
        is_closed=True,
    ),
    Section(
        "Money and time",
        ("reward_cents", "currency", "max_minutes", "min_hourly_cents", "bonus_cents"),
        "Pre-flight compares these with how long people take. Nothing is paid from here without your confirmation.",
    ),
    Section(
        "Questions",
        ("comprehension_check", "end_questions"),
        "Three questions of ours after the tutorial, and your own at the end.",
    ),
    Section("Analysis", ("primary_measures",), "Frozen when the study opens, like all that shapes a visit."),
    Section("Privacy", ("researchers", "retention_days")),
    Section(
        "Alarms",
        ("alarm_email", "alarm_webhook", "alarm_dropout", "alarm_failed_check"),
        "Whom to tell when something needs a look while people are inside.",
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


HELP = {
    "title": "What participants and you read above every page.",
    "slug": "The last part of the participants' link: small letters, digits and dashes.",
    "introduction": "The welcome page: what it is, how long it takes, what it pays.",
    "researchers": "Names and institution, as in “Ann Lee, University of Leeds”. People read it before they consent.",
    "consent_text": "Stored word for word with each person's answer. {retention} stands for how long data are kept, as "
    "the section Privacy says. As long as you change nothing here, it is there in each language of the pages.",
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
    "comprehension_check": "Three questions after the tutorial, with two tries. Nobody is rejected for failing it.",
    "end_questions": "One a line, each may be skipped. Answers to choose from follow after |, as in “How hard was "
    "it? | easy | fine | hard”; without any, people write.",
    "alarm_email": "Gets each alarm as a message.",
    "alarm_webhook": "An https address that gets each alarm as JSON.",
    "alarm_dropout": "Alarm when this share of people leaves (0.4 is 40%).",
    "alarm_failed_check": "Alarm when this share of people fails the comprehension check.",
}
