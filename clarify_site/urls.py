"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("annotations.urls")),
    path("api/v1/", include("annotations.api.urls")),
    path("admin/", admin.site.urls),
]
