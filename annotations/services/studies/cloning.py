"""Cloning a study: all that was set up, and nothing of what people did."""

from itertools import count

from django.db import transaction

from annotations.models import BaseModel, Study, StudyState
from annotations.models.study import CODES, OF_THE_ROW, new_code
from annotations.services.common.service_errors import only_valid
from annotations.services.logs import audit

# What belongs to one study alone. A clone is another study on Prolific: its people get other pseudonyms, and its codes
# are others, or somebody could hand in at one study what was given out at the other, and both records would agree.
_ITS_OWN = {"slug", "title", "external_study_id", *CODES, *OF_THE_ROW}


@transaction.atomic
def clone_study(study: Study, *, slug: str, title: str, by: str) -> Study:
    """Return a new draft with the study's settings, tasks, conditions and members, and a new code where it has one.

    Raises NotPossible for a slug that is taken or none.
    """
    settings = {
        field.name: getattr(study, field.name) for field in Study._meta.concrete_fields if field.name not in _ITS_OWN
    }
    codes = {name: new_code() for name in CODES if getattr(study, name)}
    clone = Study(**settings, **codes, slug=slug, title=title, state=StudyState.DRAFT, cloned_from=study)
    with only_valid(names_fields=True):
        clone.full_clean()
    clone.save()
    for rows in (study.tasks.order_by("position"), study.conditions.order_by("position"), study.members.order_by("pk")):
        for row in rows:
            row.pk, row.study, row._state.adding = None, clone, True
            row.save()
    audit.record("study_cloned", clone, by=by, source=study.slug)
    return clone


def free_slug(start: str) -> str:
    """Return a slug that no study has: `start`, or with a number behind it."""
    for number in count(1):
        slug = start if number == 1 else f"{start}-{number}"
        taken = BaseModel.objects.filter(name__endswith=f"({slug})")  # of a draft that was deleted
        if not Study.objects.filter(slug=slug).exists() and not taken.exists():
            return slug
    raise AssertionError("numbers do not end")
