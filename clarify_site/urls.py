"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("annotations.urls")),
    path("api/v1/", include("annotations.site.api_urls")),
    path("admin/", include("annotations.site.staff_urls")),
    path("admin/", admin.site.urls),
]

handler400 = "annotations.pages.error_pages.bad_request"
handler403 = "annotations.pages.error_pages.forbidden"
handler404 = "annotations.pages.error_pages.not_found"
handler500 = "annotations.pages.error_pages.server_error"
