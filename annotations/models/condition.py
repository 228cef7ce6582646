"""A condition of a study: what one part of its people see."""

from django.db import models
from django.db.models import Q

from annotations.models.constraints import once, rule
from annotations.models.study import KeywordDisplay, Study


class Condition(models.Model):
    """What one part of the people see and the others do not. A study without any shows everybody the same."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="conditions")
    position = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=60)
    show_suggestions = models.BooleanField("suggested words are shown", default=True)
    suggest_rewordings = models.BooleanField("other wordings are suggested", default=False)
    show_goal = models.BooleanField("the goal is shown", default=True)
    keyword_display = models.CharField(
        "a machine's keywords",
        max_length=9,
        choices=KeywordDisplay,
        default=KeywordDisplay.NONE,
        help_text="the top 10 that manage.py rank_keywords found; what each person saw is recorded",
    )
    show_effect = models.BooleanField("people see at the end what their words did", default=False, db_default=False)

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            once("condition_position_once", "study", "position"),
            once("condition_name_once", "study", "name"),
            rule("condition_has_name", ~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
