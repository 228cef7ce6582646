"""Addresses below /admin/ that belong to no model and no study."""

from django.contrib import admin
from django.urls import path

from annotations.admin.monitoring import audit_log
from annotations.admin.staff import access_tokens, two_factor

urlpatterns = [
    path("two-factor/", two_factor.page, name="two_factor"),  # before the site's check, which may ask for one
    path("tokens/", admin.site.admin_view(access_tokens.page), name="access_tokens"),
    path("audit/", admin.site.admin_view(audit_log.site_page), name="audit"),
]
