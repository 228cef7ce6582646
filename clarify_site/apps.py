"""Which admin site the site uses. It is made before the app `annotations` registers its pages on it."""

from django.contrib.admin.apps import AdminConfig


class ClarifyAdminConfig(AdminConfig):
    default_site = "clarify_site.admin_site.ClarifyAdminSite"
