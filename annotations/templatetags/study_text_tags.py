"""A study's own texts in templates."""

from django import template
from django.utils.translation import get_language, gettext

from annotations.models import AnnotationSession, Study
from annotations.models.study_texts import OWN_LANGUAGE, StudyText
from annotations.visits import resume_codes

register = template.Library()


@register.filter
def here(study: Study, name: str) -> StudyText:
    """Return one of the study's texts in the language of the page, if it was translated: {{ study|here:"title" }}."""
    return study.text(name, get_language() or OWN_LANGUAGE)


@register.filter
def as_percent(number: object) -> str:
    """Return a whole number of percent as the page's language writes it: {{ side.percent_wrong|as_percent }}."""
    return gettext("{n}%").format(n=number)


@register.filter
def resume_code(session: AnnotationSession) -> str:
    """Return the code with which the visit goes on in another browser: {{ session|resume_code }}."""
    return resume_codes.resume_code(session)
