"""The Django app that holds the tasks and the commands that need torch. Nothing imports it."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    name = "worker"
