"""Checks of the study on Prolific against the one here."""

from urllib.parse import parse_qs, urlsplit

from annotations.models import Study
from annotations.prolific.payloads import RemoteStudy
from annotations.readings.preflight.checks import Check, Mend, passed, warning
from annotations.readings.preflight.money import longest_minutes
from annotations.readings.preflight.running import codes_of

# Which action each code must set off there, for what is written here to be true.
_RETURN, _SCREEN_OUT = "REQUEST_RETURN", "FIXED_SCREEN_OUT_PAYMENT"


def remote_checks(study: Study, remote: RemoteStudy, entry_url: str) -> list[Check]:
    """Compare; everything is a warning, since either side may be the one to change."""
    found = [_address(study, remote, entry_url), _ids(remote), *_codes(study, remote), *_time_and_money(study, remote)]
    problems = [check for check in found if check is not None]
    return problems or [passed(f"“{remote.name or 'The study'}” on Prolific agrees with this one.")]


def _address(study: Study, remote: RemoteStudy, entry_url: str) -> Check | None:
    there, here = urlsplit(remote.url), urlsplit(entry_url)
    if (there.hostname, there.path.rstrip("/")) != (here.hostname, here.path.rstrip("/")):
        return warning(f"Prolific sends people to {remote.url.split('?')[0] or 'no address'}, not here.", Mend.ENTRY)
    missing = parse_qs(here.query).keys() - parse_qs(there.query).keys()
    if missing:
        return warning(f"The address on Prolific lacks {', '.join(sorted(missing))}. Copy the link again.", Mend.ENTRY)
    return None


def _ids(remote: RemoteStudy) -> Check | None:
    if remote.id_option == "url_parameters":
        return None
    return warning("Prolific does not add ids to the link: choose “URL parameters” there.", Mend.ENTRY)


def _codes(study: Study, remote: RemoteStudy) -> list[Check]:
    there = {code.code: code for code in remote.completion_codes}
    found = [
        warning(f"The code for “{outcome}” is not on Prolific.", Mend.ENTRY)
        for outcome, code in codes_of(study).items()
        if code not in there
    ]
    researcher = there.get(study.researcher_code)
    if researcher is not None and researcher.actor != "researcher":
        found.append(warning("The researcher's code has the participant as its actor on Prolific.", Mend.ENTRY))
    failed = there.get(study.failed_check_code)
    wanted = _SCREEN_OUT if study.failed_check_is_paid else _RETURN
    if failed is not None and wanted not in failed.actions:
        found.append(warning(f"The failed check's code does not set off {wanted} on Prolific.", Mend.ENTRY))
    completed = there.get(study.completion_code)
    if completed is not None and completed.code_type != "COMPLETED":
        found.append(warning(f"The completion code's type on Prolific is {completed.code_type}.", Mend.ENTRY))
    return found


def _time_and_money(study: Study, remote: RemoteStudy) -> list[Check]:
    found = []
    longest = longest_minutes(study)
    if longest is not None and remote.most_minutes is not None and remote.most_minutes < longest:
        text = f"Prolific times people out after {remote.most_minutes} minutes, and a visit may take {longest:.0f}."
        found.append(warning(text, Mend.MONEY))
    if study.most_minutes is not None and remote.most_minutes not in (None, study.most_minutes):
        text = f"Prolific's maximum time is {remote.most_minutes} minutes there and {study.most_minutes} here."
        found.append(warning(text, Mend.MONEY))
    if study.reward_cents is not None and remote.reward_cents not in (None, study.reward_cents):
        text = f"The reward is {(remote.reward_cents or 0) / 100:.2f} there and {study.reward_cents / 100:.2f} here."
        found.append(warning(text, Mend.MONEY))
    if study.quota is not None and remote.places not in (None, study.quota):
        found.append(warning(f"{remote.places} places there, and a quota of {study.quota} here.", Mend.PLACES))
    return found
