"""Every page of a study, in the order of its navigation. A module of pages adds its own PAGES here."""

from annotations.admin import (
    amend,
    audit_log,
    class_lists,
    cloning,
    concepts,
    corrections,
    experts,
    ledgers,
    members,
    moderation,
    monitor,
    payments,
    preflight,
    rehearsal,
    releases,
    study_results,
    submission_page,
    withdrawals,
)
from annotations.admin.study_pages import StudyPage

PAGES: tuple[StudyPage, ...] = (
    *experts.PAGES,
    *monitor.PAGES,
    *class_lists.PAGES,
    *preflight.PAGES,
    *rehearsal.PAGES,
    *amend.PAGES,
    *cloning.PAGES,
    *ledgers.PAGES,
    *submission_page.PAGES,
    *payments.PAGES,
    *moderation.PAGES,
    *withdrawals.PAGES,
    *members.PAGES,
    *audit_log.PAGES,
    *study_results.PAGES,
    *concepts.PAGES,
    *corrections.PAGES,
    *releases.PAGES,
)
