"""Checks of the study on Prolific against the one here."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from annotations.models import Study, StudyState
from annotations.models.payment import amount
from annotations.prolific_client.payloads import RemoteStudy
from annotations.prolific_client.study_statuses import OVER, SENDING, study_status_of
from annotations.studies.preflight.check_result import Check, FixIn, Level, passed, warning
from annotations.studies.preflight.duration import estimate, longest_minutes

_MUCH_LONGER = 1.25  # than people were told, before somebody is told
# Which action each code must set off there, for what is written here to be true.
_RETURN, _SCREEN_OUT = "REQUEST_RETURN", "FIXED_SCREEN_OUT_PAYMENT"


def remote_checks(study: Study, remote: RemoteStudy, entry_url: str) -> list[Check]:
    """Compare; everything is a warning, since either side may be the one to change."""
    found = [
        *_status(study, remote),
        *_address(remote, entry_url),
        *_codes(study, remote),
        *_time(study, remote),
        *_money_and_places(study, remote),
    ]
    name, status = remote.name or "The study", remote.status.lower()
    return found or [passed(f"“{name}” on Prolific agrees with this one. It is {status} there.")]


def _status(study: Study, remote: RemoteStudy) -> Iterator[Check]:
    """Nobody is sent to a closed door, or waited for in vain. What to do is on both sides, so no place is named."""
    status = study_status_of(remote.status)
    if status in SENDING and study.state != StudyState.ACTIVE:
        text = f"Prolific already sends people, but this study is {study.state}. Open it here, or pause it on Prolific."
        yield Check(Level.WARN, text)
    elif status in OVER and study.state != StudyState.CLOSED:
        yield Check(
            Level.WARN, f"The study is {remote.status.lower()} on Prolific, so nobody comes from there any more."
        )


def _address(remote: RemoteStudy, entry_url: str) -> Iterator[Check]:
    there, here = urlsplit(remote.url), urlsplit(entry_url)
    missing = parse_qs(here.query).keys() - parse_qs(there.query).keys()
    if (there.hostname, there.path.rstrip("/")) != (here.hostname, here.path.rstrip("/")):
        yield warning(f"Prolific sends people to {remote.url.split('?')[0] or 'no address'}, not here.", FixIn.ENTRY)
    elif missing:
        yield warning(f"The address on Prolific lacks {', '.join(sorted(missing))}. Copy the link again.", FixIn.ENTRY)
    if remote.id_option != "url_parameters":
        yield warning("Prolific does not add ids to the link. Choose “URL parameters” there.", FixIn.ENTRY)


def _codes(study: Study, remote: RemoteStudy) -> Iterator[Check]:
    there = {code.code: code for code in remote.completion_codes}
    for outcome, code in study.codes.items():
        words, wants = outcome.replace("_", " "), "researcher" if outcome == "researcher" else "participant"
        if code not in there:
            yield warning(f"The code for “{words}” is not on Prolific.", FixIn.ENTRY)
        elif there[code].actor != wants:
            has = f"has the {there[code].actor} as its actor on Prolific, and needs the {wants}"
            yield warning(f"The code for “{words}” {has}.", FixIn.ENTRY)
    failed = there.get(study.failed_check_code)
    wanted = _SCREEN_OUT if study.failed_check_is_paid else _RETURN
    if failed is not None and wanted not in failed.actions:
        yield warning(f"The failed check’s code does not set off {wanted} on Prolific.", FixIn.ENTRY)
    completed = there.get(study.completion_code)
    if completed is not None and completed.code_type != "COMPLETED":
        yield warning(f"The completion code’s type on Prolific is {completed.code_type}.", FixIn.ENTRY)


def _time(study: Study, remote: RemoteStudy) -> Iterator[Check]:
    longest = longest_minutes(study)
    if longest is not None and remote.max_minutes is not None and remote.max_minutes < longest:
        text = f"Prolific times people out after {remote.max_minutes} minutes, and a visit may take {longest}."
        yield warning(text, FixIn.MONEY)
    if study.max_minutes is not None and remote.max_minutes not in (None, study.max_minutes):
        text = f"Prolific’s maximum time is {remote.max_minutes} minutes there and {study.max_minutes} here."
        yield warning(text, FixIn.MONEY)
    likely, told = estimate(study), remote.estimated_minutes
    if likely is not None and told is not None and not likely.is_most and likely.minutes > told * _MUCH_LONGER:
        text = f"Prolific announces {told} minutes, but people take {likely.minutes:.0f} ({likely.basis})."
        yield warning(text, FixIn.MONEY)


def _money_and_places(study: Study, remote: RemoteStudy) -> Iterator[Check]:
    if remote.currency not in ("", study.currency):
        text = f"The reward is in {remote.currency} there and in {study.currency} here."
        yield warning(text, FixIn.MONEY)
    if study.reward_cents is not None and remote.reward_cents not in (None, study.reward_cents):
        text = f"The reward is {amount(remote.reward_cents or 0)} there and {amount(study.reward_cents)} here."
        yield warning(text, FixIn.MONEY)
    if study.quota is not None and remote.places not in (None, study.quota):
        yield warning(f"Prolific has {remote.places} places, but the quota here is {study.quota}.", FixIn.PLACES)
