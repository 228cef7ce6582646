"""Addresses of the participants' pages, of thumbnails, and of the two probes."""

from django.urls import path
from django.views.i18n import set_language

from annotations.views import consent, end, entry, health, images, task, tutorial

urlpatterns = [
    path("study/<slug:slug>/", entry.welcome, name="welcome"),
    path("study/<slug:slug>/start", entry.start, name="start"),
    path("visit/", entry.visit, name="visit"),
    path("visit/consent", consent.consent, name="consent"),
    path("visit/declined", consent.declined, name="declined"),
    path("visit/tutorial", tutorial.tutorial, name="tutorial"),
    path("visit/tasks/<uuid:public_id>/", task.task, name="task"),
    path("visit/tasks/<uuid:public_id>/begin", task.begin, name="begin"),
    path("visit/tasks/<uuid:public_id>/phrases", task.submit_phrase, name="submit_phrase"),
    path("visit/tasks/<uuid:public_id>/phrases/<uuid:client_uuid>", task.phrase, name="phrase"),
    path("visit/tasks/<uuid:public_id>/done", task.done, name="done"),
    path("visit/end", end.end, name="end"),
    path("images/<int:dataset_id>/<str:key>/<int:expires>/<str:signature>", images.thumbnail, name="thumbnail"),
    path("language", set_language, name="language"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
