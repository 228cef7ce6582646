"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("annotations.urls")),
    path("api/v1/", include("annotations.api.urls")),
    path("admin/", include("annotations.admin.site_urls")),
    path("admin/", admin.site.urls),
]

handler400 = "annotations.views.faults.bad_request"
handler403 = "annotations.views.faults.forbidden"
handler404 = "annotations.views.faults.not_found"
handler500 = "annotations.views.faults.server_error"
