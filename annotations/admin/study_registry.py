"""Every page of a study, in the order of its navigation. A module of pages adds its own PAGES here."""

from annotations.admin.common.study_pages import StudyPage
from annotations.admin.monitoring import audit_log, monitor
from annotations.admin.payments import payments_page, reconciliation, rejections, submission_page
from annotations.admin.pools import gathering_page
from annotations.admin.prolific import study_drafts, study_status
from annotations.admin.releases import moderation, release_pages
from annotations.admin.results import concepts_page, results_page
from annotations.admin.retraining import corrections
from annotations.admin.staff import members
from annotations.admin.studies import amend, class_lists, cloning, preflight
from annotations.admin.visits import experts, rehearsals, withdrawal

PAGES: tuple[StudyPage, ...] = (
    *experts.PAGES,
    *monitor.PAGES,
    *class_lists.PAGES,
    *preflight.PAGES,
    *rehearsals.PAGES,
    *amend.PAGES,
    *study_status.PAGES,
    *study_drafts.PAGES,
    *cloning.PAGES,
    *reconciliation.PAGES,
    *submission_page.PAGES,
    *rejections.PAGES,
    *payments_page.PAGES,
    *moderation.PAGES,
    *withdrawal.PAGES,
    *members.PAGES,
    *audit_log.PAGES,
    *results_page.PAGES,
    *concepts_page.PAGES,
    *corrections.PAGES,
    *gathering_page.PAGES,
    *release_pages.PAGES,
)
