"""Every page of a study, in the order of its navigation. A module of pages adds its own PAGES here."""

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from annotations.admin import prolific_pages
from annotations.admin.common.study_pages import StudyPage
from annotations.admin.monitoring import audit_log, monitor
from annotations.admin.payments import payments_page, reconciliation, rejections, submission_page
from annotations.admin.pools import gathering_page
from annotations.admin.releases import moderation, release_pages
from annotations.admin.results import concepts_page, results_page, unnamed_pictures
from annotations.admin.retraining import corrections
from annotations.admin.staff import members
from annotations.admin.studies import amend, class_lists, new_study, preflight
from annotations.admin.visits import experts, rehearsals, withdrawal
from annotations.models import Study


def _set_up(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Show the study's form, which is the admin's own."""
    return admin.site.get_model_admin(Study).set_up(request, study)  # type: ignore[attr-defined,no-any-return]  # ours


PAGES: tuple[StudyPage, ...] = (
    StudyPage("setup", "What people see and get", _set_up, place="setup"),
    *class_lists.PAGES,
    *preflight.PAGES,
    *rehearsals.PAGES,
    *prolific_pages.PAGES,
    *amend.PAGES,
    *new_study.CLONE_PAGES,
    *monitor.PAGES,
    *experts.PAGES,
    *moderation.PAGES,
    *reconciliation.PAGES,
    *submission_page.PAGES,
    *rejections.PAGES,
    *payments_page.PAGES,
    *withdrawal.PAGES,
    *members.PAGES,
    *audit_log.PAGES,
    *results_page.PAGES,
    *concepts_page.PAGES,
    *unnamed_pictures.PAGES,
    *corrections.PAGES,
    *gathering_page.PAGES,
    *release_pages.PAGES,
)
