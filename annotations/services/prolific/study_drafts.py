"""Making a study's draft on Prolific from its set-up here, and giving it more places on both sides."""

import math
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from annotations.models import Audience, ProlificRequest, RequestState, Study
from annotations.prolific.client import Prolific
from annotations.readings.studies.preflight.duration import estimate
from annotations.services.common.service_errors import NoProlificToken, RequestRefused
from annotations.services.studies import lifecycle, recruitment

CREATE: Final = "create_draft"
RAISE: Final = "raise_places"
DEVICES: Final = ("desktop", "tablet", "mobile")
_REVIEW: Final = ({"action": "MANUALLY_REVIEW"},)


def what_is_missing(study: Study) -> list[str]:
    """Return why no draft can be made of the study, each reason in a sentence; empty where one can."""
    checks = (
        (
            study.audience == Audience.CROWD,
            "This study is for experts, who sign in here and do not come from Prolific.",
        ),
        (not study.external_study_id, "The study already has an id on Prolific. Change it on Prolific's page."),
        (study.quota is not None, "The study has no quota, so the number of places is not known. Set one."),
        (study.reward_cents, "The study has no reward. Set one."),
        (
            estimate(study) is not None,
            "A task has no time limit, so the duration is not known. Set a time limit for every task.",
        ),
        (
            "localhost" not in settings.SITE_URL,
            "Nobody else can reach this site because its address is local. Set SITE_URL to a public address.",
        ),
    )
    return [sentence for is_there, sentence in checks if not is_there]


def draft_fields(
    study: Study,
    *,
    description: str,
    devices: list[str],
    minutes: int,
    screen_out_cents: int | None = None,
    screen_out_slots: int | None = None,
) -> dict[str, Any]:
    """Return what Prolific is sent of the study, under Prolific's names.

    minutes: what people are told, at least 1; devices: of DEVICES; screen_out_…: what a person who fails the check is
    paid, and how many of them, where the study pays them. Raises RequestRefused with every reason of the study's.
    """
    if reasons := what_is_missing(study):
        raise RequestRefused(" ".join(reasons))
    fields = {
        "name": study.title,
        "internal_name": study.slug,
        "description": description,
        "external_study_url": lifecycle.entry_url(study),
        "prolific_id_option": "url_parameters",
        "completion_codes": _codes(study, screen_out_cents, screen_out_slots),
        "estimated_completion_time": minutes,
        "total_available_places": study.quota,
        "reward": study.reward_cents,
        "device_compatibility": devices,
    }
    return fields | ({"maximum_allowed_time": study.max_minutes} if study.max_minutes else {})


def estimated_minutes(study: Study) -> int | None:
    """Return how long the study takes, in whole minutes; None where that is not known."""
    found = estimate(study)
    return None if found is None else max(1, math.ceil(found.minutes))


@transaction.atomic
def ask_for_draft(study: Study, fields: dict[str, Any], *, by: str) -> ProlificRequest:
    """Store that a draft is to be made of what `draft_fields` returned; it is sent in seconds.

    What is being sent already is returned as it is. Raises NoProlificToken, RequestRefused where the study has an id.
    """
    if not settings.PROLIFIC_TOKEN:
        raise NoProlificToken
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if locked.external_study_id:
        raise RequestRefused("The study already has an id on Prolific. Change it on Prolific's page.")
    pending = study.prolific_requests.filter(act=CREATE, state=RequestState.PENDING).first()
    return pending or recruitment.store(study, CREATE, fields, by=by)


@transaction.atomic
def raise_places(study: Study, places: int, *, by: str) -> ProlificRequest:
    """Raise the quota here, and have the places on Prolific raised to it: one act, stored at once.

    Raises NoProlificToken, RequestRefused where there is no id, or it would not be more: Prolific takes no place back.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    recruitment.refuse_unlinked(locked)
    if locked.quota is None or places <= locked.quota:
        raise RequestRefused(f"The quota is {locked.quota or 'not set'}. It can only be raised here.")
    lifecycle.amend_study(study, {"quota": places}, by=by)
    return recruitment.store(study, RAISE, {"places": places}, by=by, places=places)


def create(prolific: Prolific, request: ProlificRequest) -> None:
    """Make the draft and note its id. Raises a ProlificError, ServiceError."""
    made = prolific.create_study(request.detail)
    with transaction.atomic():
        locked = Study.objects.select_for_update(no_key=True).get(pk=request.study_id)
        if locked.external_study_id:
            raise RequestRefused(
                "Clarify created a draft on Prolific, but another id was entered here meanwhile. Compare the two "
                "studies."
            )
        lifecycle.amend_study(locked, {"external_study_id": made.study_id}, by=request.requested_by)


def send_places(prolific: Prolific, request: ProlificRequest) -> None:
    """Raise the places there. Raises a ProlificError."""
    prolific.update_study(request.study.external_study_id, {"total_available_places": request.detail["places"]})


def has_places(prolific: Prolific, request: ProlificRequest) -> bool:
    """Say whether the study has the places there. Raises a ProlificError."""
    places = prolific.study(request.study.external_study_id).places
    return places is not None and places >= request.detail["places"]


def _codes(study: Study, screen_out_cents: int | None, screen_out_slots: int | None) -> list[dict[str, Any]]:
    """Each outcome's code, with who may use it and what it sets off."""
    returned = "REQUEST_RETURN"
    codes = [_code(study.completion_code, "COMPLETED", *_REVIEW)]
    if study.no_consent_code:
        reason = "You did not agree to take part."
        codes.append(_code(study.no_consent_code, "NO_CONSENT", {"action": returned, "return_reason": reason}))
    if study.failed_check_code and study.failed_check_is_paid:
        pay = {
            "action": "FIXED_SCREEN_OUT_PAYMENT",
            "fixed_screen_out_reward": screen_out_cents,
            "slots": screen_out_slots,
        }
        codes.append(_code(study.failed_check_code, "FIXED_SCREENOUT", pay))
    elif study.failed_check_code:
        reason = "The questions after the tutorial were not answered rightly, twice."
        codes.append(_code(study.failed_check_code, "OTHER", {"action": returned, "return_reason": reason}))
    if study.researcher_code:
        codes.append(_code(study.researcher_code, "OTHER", *_REVIEW, actor="researcher"))
    return codes


def _code(code: str, code_type: str, *actions: dict[str, Any], actor: str = "participant") -> dict[str, Any]:
    return {"code": code, "code_type": code_type, "actor": actor, "actions": list(actions)}
