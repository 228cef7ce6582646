"""Checks of entry and exit, of places, and of the rest that a study runs by."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from annotations.models import Study
from annotations.models.consent_texts import RETENTION
from annotations.readings.allocation.task_orders import n_orders
from annotations.readings.studies.preflight.check_result import Check, FixIn, block, passed, warning
from annotations.readings.studies.readiness import link_reasons

PROLIFIC = "app.prolific.com"
NO_LONGER = "app.prolific.co"


def way_checks(study: Study) -> list[Check]:
    """How people come in and go back."""
    found = [block(reason, FixIn.LINK if "parameters" in reason else FixIn.ENTRY) for reason in link_reasons(study)]
    return [*found, *_verification(study), _redirect(study), _codes(study), _study_id(study)]


def place_checks(study: Study) -> list[Check]:
    """Whether places can be spread evenly, and are held long enough."""
    conditions = study.conditions.count()
    n_cells = max(1, conditions) * n_orders(study)
    found = []
    if conditions == 1:
        found.append(
            warning("There is one condition, so nothing can be compared. Add another, or remove it.", FixIn.CONDITIONS)
        )
    if study.quota is None:
        found.append(warning("There is no quota: as many people as come are let in, and paid.", FixIn.PLACES))
    elif study.quota % n_cells:
        found.append(
            warning(
                f"{study.quota} people cannot be spread evenly over {n_cells} cells. Take a multiple.", FixIn.PLACES
            )
        )
    else:
        found.append(passed(f"{study.quota} people, {study.quota // n_cells} in each of {n_cells} {_cells(n_cells)}."))
    return found


def expert_checks(study: Study) -> list[Check]:
    """Who can annotate in a study of experts, and what of its set-up means nothing there."""
    n = study.members.count()
    who = "1 person has" if n == 1 else f"{n} people have"
    found = [passed(f"{who} a role in it and can annotate, and every operator.")]
    if study.conditions.exists():
        found.append(warning("Experts are in no condition: all of them see the same.", FixIn.CONDITIONS))
    return found


def care_checks(study: Study) -> list[Check]:
    """Whether somebody is told of trouble, for how long ids are kept, and whether people are told that and who asks."""
    return [_alarms(study), _retention(study), _researchers(study)]


def _researchers(study: Study) -> Check:
    if study.researchers:
        return passed(f"People read before they consent that it is run by {study.researchers}.")
    return warning("People do not read who runs the study: give names and institution under “Run by”.", FixIn.PRIVACY)


def _retention(study: Study) -> Check:
    kept = study.retention_days
    if kept is not None:
        return passed(f"Ids are destroyed {kept} days after the study is closed.")
    told = "The consent text says so." if RETENTION in study.consent_text else "Say so in the consent text."
    return warning(f"Ids are kept until you destroy them by hand, under “Withdrawals”. {told}", FixIn.PRIVACY)


def _alarms(study: Study) -> Check:
    is_mailed = study.alarm_email and settings.SENDS_EMAIL
    # Analysts read this too, and whoever has a webhook's whole address can post to it.
    webhook = study.alarm_webhook and f"a webhook at {urlsplit(study.alarm_webhook).hostname}"
    told = [way for way in (is_mailed and study.alarm_email, webhook) if way]
    if told:
        return passed(f"Alarms go to {' and '.join(told)}.")
    if study.alarm_email:
        sentence = f"This site sends no e-mail, so alarms do not reach {study.alarm_email}. Ask your operator."
        return warning(sentence, FixIn.ALARMS)
    return warning("Alarms reach nobody: give an address, or keep the page “Live” open.", FixIn.ALARMS)


def codes_of(study: Study) -> dict[str, str]:
    """Return the codes that the study has, each by its outcome."""
    codes = {
        "completed": study.completion_code,
        "no consent": study.no_consent_code,
        "failed check": study.failed_check_code,
        "researcher": study.researcher_code,
    }
    return {outcome: code for outcome, code in codes.items() if code}


def _verification(study: Study) -> list[Check]:
    """Anybody can invent the ids of an unsigned link, and so as many people as there are places, each with its code."""
    if study.only_verified:
        on_prolific = "Switch secure links on in the study on Prolific"
        way = (
            "Prolific's API confirms them too." if settings.PROLIFIC_TOKEN else f"{on_prolific}: no token is set here."
        )
        return [passed(f"Only people whom Prolific vouches for come in. {way}")]
    if study.reward_cents or study.bonus_cents:
        sentence = (
            "The study pays, and anybody can invent people by its link, who take places and codes. Tick “only verified "
            "entries”, and switch secure links on in the study on Prolific, or ask your operator for a Prolific token. "
            "Where nobody is paid by Prolific, leave reward and bonus empty."
        )
        return [block(sentence, FixIn.ENTRY)]
    return []


def _redirect(study: Study) -> Check:
    if not study.completion_url:
        return passed("Nobody is sent back: people copy their code.")
    host = urlsplit(study.completion_url).hostname or ""
    if host == NO_LONGER or host.endswith(".prolific.co"):
        return block(f"{host} does not answer any more. Prolific's address is {PROLIFIC}.", FixIn.ENTRY)
    if "{code}" not in study.completion_url:
        return block("The completion address does not say where the code goes: put {code} into it.", FixIn.ENTRY)
    if host != PROLIFIC:
        return warning(f"People are sent back to {host}, which is not Prolific's {PROLIFIC}.", FixIn.ENTRY)
    return passed(f"People are sent back to {host}.")


def _codes(study: Study) -> Check:
    """Names outcomes, and no code or other study: analysts read this too."""
    codes = codes_of(study)
    alike = [outcome for outcome, code in codes.items() if list(codes.values()).count(code) > 1]
    if alike:
        outcomes = " and ".join(f"“{outcome}”" for outcome in alike)
        return block(f"The outcomes {outcomes} have the same code. Each needs a code of its own.", FixIn.ENTRY)
    if Study.objects.exclude(pk=study.pk).filter(_has_one_of(codes.values())).exists():
        return warning(
            "Another study has one of these codes too, so people could hand in here what they got there. "
            "Take new ones.",
            FixIn.ENTRY,
        )
    return passed(f"Each outcome has a code of its own: {', '.join(codes)}.")


def _has_one_of(codes: Iterable[str]) -> Q:
    codes = list(codes)
    return (
        Q(completion_code__in=codes)
        | Q(no_consent_code__in=codes)
        | Q(failed_check_code__in=codes)
        | Q(researcher_code__in=codes)
    )


def _study_id(study: Study) -> Check:
    if study.external_study_id:
        return passed("Links of another study on Prolific are refused.")
    return warning(
        "Prolific's study id is not given, so a link of any study is taken. It can be added later.", FixIn.ENTRY
    )


def _cells(n: int) -> str:
    return "cell" if n == 1 else "cells"
