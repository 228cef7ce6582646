"""Who comes again: the same person with another submission, because the first was returned, or by mistake."""

from annotations.models import AnnotationSession, Outcome, Participant, RestartRule
from annotations.services.common.service_errors import AlreadyDone, CheckFailedBefore, NotLetInAgain


def refuse_again(participant: Participant, session: AnnotationSession | None = None) -> None:
    """Refuse a person whose earlier visits, those beside `session`, leave no room for another one.

    Raises CheckFailedBefore after a failed comprehension check, AlreadyDone after a completion, and where the study
    lets nobody in again NotLetInAgain after a consent. Whoever never consented has seen nothing, and is new.
    """
    earlier = participant.sessions.exclude(pk__in=[session.pk] if session else [])
    if earlier.filter(outcome=Outcome.FAILED_CHECK).exists():
        raise CheckFailedBefore
    completed = earlier.filter(outcome=Outcome.COMPLETED).first()
    if completed is not None:
        raise AlreadyDone(completed)
    rule = participant.study.restart_rule
    if rule == RestartRule.REFUSED and earlier.filter(consented_at__isnull=False).exists():
        raise NotLetInAgain
