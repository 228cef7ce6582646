"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("annotations.urls")),
    path("api/v1/", include("annotations.api.urls")),
    path("admin/", include("annotations.admin.site_urls")),
    path("admin/", admin.site.urls),
]

handler400 = "annotations.views.common.error_pages.bad_request"
handler403 = "annotations.views.common.error_pages.forbidden"
handler404 = "annotations.views.common.error_pages.not_found"
handler500 = "annotations.views.common.error_pages.server_error"
