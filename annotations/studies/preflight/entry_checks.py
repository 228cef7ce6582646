"""Checks of entry and exit, of places, and of the rest that a study runs by."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from annotations.allocation.plain_links import limits_in_words
from annotations.allocation.task_orders import n_orders
from annotations.models import InvitationState, Study, StudyState
from annotations.models.consent_texts import RETENTION
from annotations.models.study import CODES
from annotations.studies.preflight.check_result import Check, FixIn, block, passed, warning
from annotations.studies.readiness import link_reasons
from clarify_errors.arrays.common.counted_words import counted

PROLIFIC = "app.prolific.com"
NO_LONGER = "app.prolific.co"


def way_checks(study: Study) -> list[Check]:
    """How people come in and go back."""
    found = [block(reason, FixIn.LINK if "parameters" in reason else FixIn.ENTRY) for reason in link_reasons(study)]
    return [*found, *_verification(study), _redirect(study), _codes(study), _study_id(study)]


def place_checks(study: Study) -> Iterator[Check]:
    """Whether places can be spread evenly, and are held long enough."""
    conditions = study.conditions.count()
    n_cells = max(1, conditions) * n_orders(study)
    cells = f"{n_cells} combinations of condition and order of tasks"
    if conditions == 1:
        text = "There is one condition, so nothing can be compared. Add another, or remove it."
        yield warning(text, FixIn.CONDITIONS)
    if study.quota is None:
        yield warning("There is no quota. Everybody who comes can enter, and is paid if the study pays.", FixIn.PLACES)
    elif study.quota % n_cells:
        text = f"{study.quota} people cannot be spread evenly over {cells}. Use a multiple of {n_cells}."
        yield warning(text, FixIn.PLACES)
    else:
        spread = "who all see the same" if n_cells == 1 else f"{study.quota // n_cells} in each of {cells}"
        yield passed(f"{study.quota} people, {spread}.")


def expert_checks(study: Study) -> Iterator[Check]:
    """Who can annotate in a study of experts, and what of its set-up means nothing there."""
    who = counted(study.members.count(), "person has", "people have")
    yield passed(f"{who} a role in it and can annotate. Every operator can too.")
    if study.conditions.exists():
        yield warning("Experts have no condition: all of them see the same pages.", FixIn.CONDITIONS)


def care_checks(study: Study) -> list[Check]:
    """Whether somebody is told of trouble, for how long ids are kept, and whether people are told that and who asks."""
    return [_alarms(study), _retention(study), _researchers(study)]


def _researchers(study: Study) -> Check:
    if study.researchers:
        return passed(f"Before they consent, people read that the study is run by {study.researchers}.")
    return warning("People do not read who runs the study. Give names and institution under “Run by”.", FixIn.PRIVACY)


def _retention(study: Study) -> Check:
    kept = study.retention_days
    if kept is not None:
        return passed(f"Ids are destroyed {kept} days after the study is closed.")
    told = "The consent text says so." if RETENTION in study.consent_text else "Say so in the consent text."
    return warning(f"Ids are kept until you destroy them by hand, under “Withdrawals”. {told}", FixIn.PRIVACY)


def _alarms(study: Study) -> Check:
    if study.alarm_email and settings.SENDS_EMAIL:
        return passed(f"Alarms go to {study.alarm_email}.")
    if study.alarm_email:
        sentence = (
            f"This site sends no e-mail, so alarms cannot reach {study.alarm_email}. Ask your operator to set up "
            "e-mail."
        )
        return warning(sentence, FixIn.ALARMS)
    return warning("Alarms reach nobody. Give an address, or keep the page “Live” open.", FixIn.ALARMS)


def _verification(study: Study) -> list[Check]:
    """Anybody can invent the ids of an unsigned link, and so as many people as there are places, each with its code."""
    if study.only_verified:
        on_prolific = "Switch secure links on in the study on Prolific"
        way = (
            "Prolific’s API confirms them too." if settings.PROLIFIC_TOKEN else f"{on_prolific}: no token is set here."
        )
        return [passed(f"{study.who_enters} can enter. {way}")]
    if study.reward_cents or study.bonus_cents:
        where = "" if study.state == StudyState.DRAFT else " in a clone, and close this study"
        sentence = (
            "The study pays, but anybody can use its link to invent people, who then take places and codes. Tick "
            f"“only verified entries”{where}. Then switch secure links on in the study on Prolific, or ask your "
            "operator for a Prolific token. If Prolific pays nobody, leave reward and bonus empty."
        )
        return [block(sentence, FixIn.ENTRY)]
    invited = study.invitations.exclude(state=InvitationState.REVOKED).count()
    if study.quota and invited >= study.quota:
        enough = (
            f"There is an invitation for each of the {counted(study.quota, 'place')}, also for people on one network"
        )
        return [passed(f"{enough}; {limits_in_words(study)}.")]
    few = f"Anybody with the link can enter, but {limits_in_words(study)}. Everybody else must wait or is turned away."
    return [warning(f"{few} For a pilot, a class or a laboratory, make invitations.", FixIn.INVITATIONS)]


def _redirect(study: Study) -> Check:
    if not study.completion_url:
        return passed("People copy their code, because no completion address is set.")
    host = urlsplit(study.completion_url).hostname or ""
    if host == NO_LONGER or host.endswith(".prolific.co"):
        return block(f"{host} no longer answers. Prolific’s address is {PROLIFIC}.", FixIn.ENTRY)
    if "{code}" not in study.completion_url:
        return block(
            "The completion address does not contain the code. Put {code} where the code belongs.",
            FixIn.ENTRY,
        )
    if host != PROLIFIC:
        return warning(f"People are sent back to {host}, which is not Prolific’s {PROLIFIC}.", FixIn.ENTRY)
    return passed(f"People are sent back to {host}.")


def _codes(study: Study) -> Check:
    """Names outcomes, and no code or other study: analysts read this too."""
    codes = {outcome.replace("_", " "): code for outcome, code in study.codes.items()}
    alike = [outcome for outcome, code in codes.items() if list(codes.values()).count(code) > 1]
    if alike:
        outcomes = " and ".join(f"“{outcome}”" for outcome in alike)
        return block(f"The outcomes {outcomes} have the same code. Each needs its own code.", FixIn.ENTRY)
    has_one_of_them = Q(*((f"{name}__in", list(codes.values())) for name in CODES), _connector=Q.OR)
    if Study.objects.exclude(pk=study.pk).filter(has_one_of_them).exists():
        return warning(
            "Another study uses one of these codes too, so people could submit its code for this study. Use new codes.",
            FixIn.ENTRY,
        )
    return passed(f"Each outcome has its own code: {', '.join(codes)}.")


def _study_id(study: Study) -> Check:
    if study.external_study_id:
        return passed("Links that name another study on Prolific are refused.")
    text = f"{study.who_enters} can enter, whichever study on Prolific the link names: no Prolific id is given here."
    return warning(f"{text} It can be added later.", FixIn.ENTRY)
