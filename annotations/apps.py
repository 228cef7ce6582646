"""The Django app of studies, participants, phrases, scores and runs."""

from importlib import import_module

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    name = "annotations"
    verbose_name = "Clarify"

    def ready(self) -> None:
        """Register the system checks, once the models are loaded."""
        import_module("annotations.system_checks")
