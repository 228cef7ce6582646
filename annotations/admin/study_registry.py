"""Every page of a study, in the order of its navigation. A module of pages adds its own PAGES here."""

from annotations.admin import (
    amend,
    audit_log,
    cloning,
    concepts,
    members,
    moderation,
    monitor,
    preflight,
    rehearsal,
    releases,
    study_results,
    withdrawals,
)
from annotations.admin.study_pages import StudyPage

PAGES: tuple[StudyPage, ...] = (
    *monitor.PAGES,
    *preflight.PAGES,
    *rehearsal.PAGES,
    *amend.PAGES,
    *cloning.PAGES,
    *moderation.PAGES,
    *withdrawals.PAGES,
    *members.PAGES,
    *audit_log.PAGES,
    *study_results.PAGES,
    *concepts.PAGES,
    *releases.PAGES,
)
