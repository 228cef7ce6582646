"""Whether people see what a machine would say: the top keywords of the task's class."""

from django.db import models


class KeywordDisplay(models.TextChoices):
    NONE = "none", "not shown"
    BEFORE = "before", "shown from the start"
    ON_DEMAND = "on_demand", "shown to whoever asks for them"
