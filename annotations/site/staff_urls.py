"""Addresses below /admin/ that belong to no model and no study."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from annotations.datasets.staff_pages import data_page
from annotations.datasets.staff_pages import import_pages as imports
from annotations.monitoring.staff_pages import audit_log_page as audit_log
from annotations.monitoring.staff_pages import jobs_page
from annotations.pages import uploads
from annotations.payments.staff_pages import reconciliation_page as reconciliation
from annotations.staff.staff_pages import token_page as access_tokens
from annotations.staff.staff_pages import two_factor_page as two_factor

_staff = admin.site.admin_view

urlpatterns = [
    *([path("oidc/", include("annotations.staff.staff_pages.provider_sign_in"))] if settings.OIDC_ISSUER else []),
    path("two-factor/", two_factor.page, name="two_factor"),  # before the site's check, which may ask for one
    path(
        "two-factor/passkeys/", include("annotations.staff.staff_pages.passkey_addresses")
    ),  # also to whoever owes the second step
    path("tokens/", _staff(access_tokens.page), name="access_tokens"),
    path("jobs/", _staff(jobs_page.page), name="jobs"),
    path("audit/", _staff(audit_log.site_page), name="audit"),
    path("upload-permission/", uploads.permission, name="upload_permission"),
    path("uploads/data-set/", _staff(imports.upload), name="upload_data_set"),
    path("uploads/data-sets/<int:pk>/predictions/", _staff(data_page.upload_predictions), name="upload_predictions"),
    path("uploads/studies/<int:pk>/submissions/", _staff(reconciliation.upload), name="upload_submissions"),
    re_path("^uploads/", _staff(uploads.absent)),  # before the admin's own pages, which read the body
]
