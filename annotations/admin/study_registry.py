"""Every page of a study, in the order of its navigation. A module of pages adds its own PAGES here."""

from annotations.admin import audit_log, members, moderation, withdrawals
from annotations.admin.study_pages import StudyPage

PAGES: tuple[StudyPage, ...] = (
    *moderation.PAGES,
    *withdrawals.PAGES,
    *members.PAGES,
    *audit_log.PAGES,
    *study_results.PAGES,
)
