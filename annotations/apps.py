"""The Django app of studies, participants, phrases, scores and runs."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    name = "annotations"
    verbose_name = "Clarify"
