"""Checks of the study on Prolific against the one here."""

from urllib.parse import parse_qs, urlsplit

from annotations.models import Study, StudyState
from annotations.models.payment import amount
from annotations.prolific.payloads import RemoteStudy
from annotations.prolific.study_statuses import OVER, SENDING, study_status_of
from annotations.readings.studies.preflight.check_result import Check, FixIn, Level, passed, warning
from annotations.readings.studies.preflight.duration import estimate, longest_minutes

_MUCH_LONGER = 1.25  # than people were told, before somebody is told
# Which action each code must set off there, for what is written here to be true.
_RETURN, _SCREEN_OUT = "REQUEST_RETURN", "FIXED_SCREEN_OUT_PAYMENT"


def remote_checks(study: Study, remote: RemoteStudy, entry_url: str) -> list[Check]:
    """Compare; everything is a warning, since either side may be the one to change."""
    found = [
        _status(study, remote),
        _address(study, remote, entry_url),
        _ids(remote),
        *_codes(study, remote),
        *_time(study, remote),
        *_money_and_places(study, remote),
    ]
    problems = [check for check in found if check is not None]
    name, status = remote.name or "The study", remote.status.lower()
    return problems or [passed(f"“{name}” on Prolific agrees with this one. It is {status} there.")]


def _status(study: Study, remote: RemoteStudy) -> Check | None:
    """Nobody is sent to a closed door, or waited for in vain. What to do is on both sides, so no place is named."""
    status = study_status_of(remote.status)
    if status in SENDING and study.state != StudyState.ACTIVE:
        text = f"Prolific sends people already, and this study is {study.state}: open it, or pause it there."
        return Check(Level.WARN, text)
    if status in OVER and study.state != StudyState.CLOSED:
        return Check(Level.WARN, f"It is {remote.status.lower()} on Prolific: nobody comes from there any more.")
    return None


def _address(study: Study, remote: RemoteStudy, entry_url: str) -> Check | None:
    there, here = urlsplit(remote.url), urlsplit(entry_url)
    if (there.hostname, there.path.rstrip("/")) != (here.hostname, here.path.rstrip("/")):
        return warning(f"Prolific sends people to {remote.url.split('?')[0] or 'no address'}, not here.", FixIn.ENTRY)
    missing = parse_qs(here.query).keys() - parse_qs(there.query).keys()
    if missing:
        return warning(f"The address on Prolific lacks {', '.join(sorted(missing))}. Copy the link again.", FixIn.ENTRY)
    return None


def _ids(remote: RemoteStudy) -> Check | None:
    if remote.id_option == "url_parameters":
        return None
    return warning("Prolific does not add ids to the link: choose “URL parameters” there.", FixIn.ENTRY)


def _codes(study: Study, remote: RemoteStudy) -> list[Check]:
    there = {code.code: code for code in remote.completion_codes}
    found = [
        warning(f"The code for “{outcome.replace('_', ' ')}” is not on Prolific.", FixIn.ENTRY)
        for outcome, code in study.codes.items()
        if code not in there
    ]
    for outcome, code in study.codes.items():
        wants = "researcher" if outcome == "researcher" else "participant"
        if code in there and there[code].actor != wants:
            has = f"has the {there[code].actor} as its actor on Prolific, and needs the {wants}"
            found.append(warning(f"The code for “{outcome.replace('_', ' ')}” {has}.", FixIn.ENTRY))
    failed = there.get(study.failed_check_code)
    wanted = _SCREEN_OUT if study.failed_check_is_paid else _RETURN
    if failed is not None and wanted not in failed.actions:
        found.append(warning(f"The failed check's code does not set off {wanted} on Prolific.", FixIn.ENTRY))
    completed = there.get(study.completion_code)
    if completed is not None and completed.code_type != "COMPLETED":
        found.append(warning(f"The completion code's type on Prolific is {completed.code_type}.", FixIn.ENTRY))
    return found


def _time(study: Study, remote: RemoteStudy) -> list[Check]:
    found = []
    longest = longest_minutes(study)
    if longest is not None and remote.max_minutes is not None and remote.max_minutes < longest:
        text = f"Prolific times people out after {remote.max_minutes} minutes, and a visit may take {longest:.0f}."
        found.append(warning(text, FixIn.MONEY))
    if study.max_minutes is not None and remote.max_minutes not in (None, study.max_minutes):
        text = f"Prolific's maximum time is {remote.max_minutes} minutes there and {study.max_minutes} here."
        found.append(warning(text, FixIn.MONEY))
    likely, told = estimate(study), remote.estimated_minutes
    if likely is not None and told is not None and not likely.is_most and likely.minutes > told * _MUCH_LONGER:
        text = f"Prolific tells people {told} minutes, and they take {likely.minutes:.0f} ({likely.basis})."
        found.append(warning(text, FixIn.MONEY))
    return found


def _money_and_places(study: Study, remote: RemoteStudy) -> list[Check]:
    found = []
    if remote.currency not in ("", study.currency):
        text = f"The reward is in {remote.currency} there and in {study.currency} here."
        found.append(warning(text, FixIn.MONEY))
    if study.reward_cents is not None and remote.reward_cents not in (None, study.reward_cents):
        text = f"The reward is {amount(remote.reward_cents or 0)} there and {amount(study.reward_cents)} here."
        found.append(warning(text, FixIn.MONEY))
    if study.quota is not None and remote.places not in (None, study.quota):
        found.append(warning(f"{remote.places} places there, and a quota of {study.quota} here.", FixIn.PLACES))
    return found
