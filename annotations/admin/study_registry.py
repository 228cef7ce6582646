"""Every page of a study, in the order of its navigation: who may see it, where it stands, when it is there."""

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from annotations.admin import prolific_pages
from annotations.admin.common.study_pages import StudyPage, crowd_came, has_begun, is_for_crowd, is_for_experts
from annotations.admin.monitoring import audit_log, monitor
from annotations.admin.payments import payments_page, reconciliation, submission_page
from annotations.admin.pools import gathering_page, image_review_page
from annotations.admin.releases import moderation, release_pages
from annotations.admin.results import concepts_page, results_page
from annotations.admin.retraining import corrections
from annotations.admin.staff import members
from annotations.admin.studies import amend, class_lists, new_study, preflight
from annotations.admin.visits import experts, invitations, rehearsals, withdrawal
from annotations.exports.releases.download import study_download
from annotations.models import Study


def _set_up(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Show the study's form, which is the admin's own."""
    return admin.site.get_model_admin(Study).set_up(request, study)  # type: ignore[attr-defined,no-any-return]  # ours


def _export(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Hand out the study's export."""
    return study_download(study)


PAGES: tuple[StudyPage, ...] = (
    StudyPage("setup", "What people see and get", _set_up, "setup", sees="view"),
    StudyPage("classes", "Many classes", class_lists.page, "setup", class_lists.has_many, class_lists.ACTS),
    StudyPage("preflight", "Pre-flight", preflight.page, "setup", sees="view"),
    StudyPage("rehearsal", "Rehearse and preview", rehearsals.page, "setup", is_for_crowd, rehearsals.ACTS),
    StudyPage("on_prolific", "On Prolific", prolific_pages.page, "setup", prolific_pages.is_asked, prolific_pages.ACTS),
    StudyPage("amend", "Codes, places and alarms", amend.page, "setup", has_begun),
    StudyPage("clone", "Clone", new_study.clone_page, "setup", hidden=True),
    StudyPage("monitor", "Live", monitor.page, "run", has_begun, monitor.ACTS, sees="view"),
    StudyPage(
        "annotate", "Annotate as an expert", experts.page, "run", is_for_experts, experts.ACTS, sees="view", does="view"
    ),
    StudyPage("moderation", "Moderation", moderation.page, "run", has_begun, moderation.ACTS),
    StudyPage("invitations", "Invitations", invitations.page, "people", is_for_crowd, invitations.ACTS),
    StudyPage("reconciliation", "Reconciliation", reconciliation.page, "people", crowd_came, reconciliation.ACTS),
    StudyPage("submission", "Submission", submission_page.page, "people", acts=submission_page.ACTS, hidden=True),
    StudyPage("payments", "Payments", payments_page.page, "people", crowd_came, payments_page.ACTS),
    StudyPage("withdrawals", "Withdrawals", withdrawal.page, "people", has_begun, withdrawal.ACTS),
    StudyPage("members", "Members", members.page, "people", acts=members.ACTS),
    StudyPage("audit", "Audit log", audit_log.study_page, "people"),
    StudyPage("results", "Results", results_page.results_page, "findings", acts=results_page.ACTS, sees="view"),
    StudyPage("concepts", "Concepts", concepts_page.page, "findings", has_begun, concepts_page.ACTS, sees="view"),
    StudyPage("correction", "Correction", corrections.page, "findings", has_begun, corrections.ACTS, sees="view"),
    StudyPage(
        "gathering", "Gather images", gathering_page.page, "findings", has_begun, gathering_page.ACTS, sees="view"
    ),
    StudyPage(
        "image_review", "Review images", image_review_page.page, "findings", acts=image_review_page.ACTS, hidden=True
    ),
    StudyPage(
        "releases", "Releases", release_pages.page, "findings", has_begun, release_pages.ACTS, sees="view", does="view"
    ),
    StudyPage("export", "Export", _export, "findings", hidden=True, sees="view"),
    StudyPage("release_file", "Release", release_pages.file, "findings", hidden=True, sees="view"),
)
