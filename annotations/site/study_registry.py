"""Every page of a study, in the order of its navigation: who may see it, where it stands, when it is there."""

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from annotations.corrections.staff_pages import correction_page as corrections
from annotations.models import Study
from annotations.monitoring.staff_pages import audit_log_page as audit_log
from annotations.monitoring.staff_pages import live_page as monitor
from annotations.pages.study_pages import StudyPage, crowd_came, has_begun, is_for_crowd, is_for_experts
from annotations.payments.staff_pages import payments_page, submission_page
from annotations.payments.staff_pages import reconciliation_page as reconciliation
from annotations.pools.staff_pages import gathering_page, image_review_page
from annotations.prolific.staff_pages import prolific_page as prolific_pages
from annotations.releases.download import study_download
from annotations.releases.staff_pages import moderation_page as moderation
from annotations.releases.staff_pages import release_pages
from annotations.results.staff_pages import concepts_page, group_images_page, results_page
from annotations.staff.staff_pages import members_page as members
from annotations.studies.staff_pages import (
    amend_page as amend,
)
from annotations.studies.staff_pages import (
    class_list_page as class_lists,
)
from annotations.studies.staff_pages import (
    new_study_page as new_study,
)
from annotations.studies.staff_pages import (
    preflight_page as preflight,
)
from annotations.visits.staff_pages import (
    experts_page as experts,
)
from annotations.visits.staff_pages import (
    invitations_page as invitations,
)
from annotations.visits.staff_pages import (
    rehearsal_page as rehearsals,
)
from annotations.visits.staff_pages import (
    withdrawals_page as withdrawal,
)


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
    StudyPage("group_images", "Images of a group", group_images_page.page, "findings", hidden=True, sees="view"),
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
