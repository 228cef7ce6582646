"""The pre-flight page: everything that should be right before people come, with a link to where it is mended."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from annotations.models import Audience, Study, StudyState
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.prolific_errors import Patience, ProlificError
from annotations.studies import lifecycle
from annotations.studies.preflight.check_result import Check, FixIn, Level, skipped, warning
from annotations.studies.preflight.preflight_report import Part, checks_of, preflight_summary, report
from annotations.studies.preflight.prolific_checks import remote_checks
from annotations.studies.staff_pages.study_sections import SECTIONS

PATIENCE = Patience(tries=1, connect=2.0, answer=4.0)  # somebody looks at the page meanwhile
_AMENDABLE = (FixIn.PLACES, FixIn.ENTRY, FixIn.MONEY, FixIn.ALARMS)  # while the study is open


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Show every check; nothing is changed by looking."""
    parts = report(study)
    if study.audience == Audience.CROWD:
        parts.append(Part("Prolific", _remote(study)))
    shown = [{"title": part.title, "checks": [(check, _link(study, check)) for check in part.checks]} for part in parts]
    checks = checks_of(parts)
    first_warning = next((check for check in checks if check.level in (Level.DOUBT, Level.WARN)), None)
    return {"parts": shown, "first_warning": first_warning, "summary": preflight_summary(study, checks)}


def _remote(study: Study) -> list[Check]:
    """The study on Prolific, where there is a token and an id to ask for."""
    if not settings.PROLIFIC_TOKEN:
        why = "Not compared because this site has no Prolific token. Compare the codes and the link yourself."
        return [skipped(why)]
    if not study.external_study_id:
        return [skipped("Not compared because the study has no Prolific id.")]  # `way_checks` warns of that
    prolific = Prolific(settings.PROLIFIC_TOKEN, api=settings.PROLIFIC_API, patience=PATIENCE)
    try:
        remote = prolific.study(study.external_study_id)
    except ProlificError as error:
        return [warning(f"Not compared: {str(error) or type(error).__name__}", FixIn.ENTRY)]
    finally:
        prolific.close()
    return remote_checks(study, remote, lifecycle.entry_url(study))


def _link(study: Study, check: Check) -> str:
    """The address where it is mended; empty where nothing can be done about it any more."""
    if check.fix_in is None:
        return ""
    if check.fix_in in (FixIn.REHEARSAL, FixIn.INVITATIONS):
        return reverse(f"admin:annotations_study_{check.fix_in}", args=[study.pk])
    if check.fix_in is FixIn.LIBRARY:
        assert check.of is not None, "every check that is mended in the library says of what it is"
        return reverse(f"admin:annotations_{check.of._meta.model_name}_change", args=[check.of.pk])
    if study.state == StudyState.DRAFT:
        return f"{reverse('admin:annotations_study_setup', args=[study.pk])}#{_anchor(check.fix_in)}"
    if check.fix_in in _AMENDABLE and study.state != StudyState.CLOSED:
        return reverse("admin:annotations_study_amend", args=[study.pk])
    return ""


def _anchor(fix_in: FixIn) -> str:
    if fix_in in (FixIn.TASKS, FixIn.CONDITIONS):
        return f"{fix_in}-group"
    return f"fieldset-0-{[section.key for section in SECTIONS].index(fix_in)}-heading"
