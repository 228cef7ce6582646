"""Addresses below /admin/ that belong to no model and no study."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from annotations.admin.common import uploads
from annotations.admin.datasets import data_page, imports
from annotations.admin.monitoring import audit_log, jobs_page
from annotations.admin.payments import reconciliation
from annotations.admin.staff import access_tokens, two_factor

_staff = admin.site.admin_view

urlpatterns = [
    *([path("oidc/", include("annotations.admin.staff.oidc"))] if settings.OIDC_ISSUER else []),
    path("two-factor/", two_factor.page, name="two_factor"),  # before the site's check, which may ask for one
    path("two-factor/passkeys/", include("annotations.admin.staff.passkeys")),  # also to whoever owes the second step
    path("tokens/", _staff(access_tokens.page), name="access_tokens"),
    path("jobs/", _staff(jobs_page.page), name="jobs"),
    path("audit/", _staff(audit_log.site_page), name="audit"),
    path("upload-permission/", uploads.permission, name="upload_permission"),
    path("uploads/data-set/", _staff(imports.upload), name="upload_data_set"),
    path("uploads/data-sets/<int:pk>/predictions/", _staff(data_page.upload_predictions), name="upload_predictions"),
    path("uploads/studies/<int:pk>/submissions/", _staff(reconciliation.upload), name="upload_submissions"),
    re_path("^uploads/", _staff(uploads.absent)),  # before the admin's own pages, which read the body
]
