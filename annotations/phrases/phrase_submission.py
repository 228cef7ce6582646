"""Submitting a phrase: stored in the transaction that answers the request, before anything is computed from it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from annotations.base import redis_counters
from annotations.base.service_errors import ClientUuidReused, PhraseRefused, TooFast, TooManyPhrases, WordsInDoubt
from annotations.log import events
from annotations.models import AnnotationSession, Assignment, Moderation, Phrase, PhraseState, Score, event_kinds
from annotations.models.phrase import UNCHECKED
from annotations.models.task import MAX_GIVEN_BACK
from annotations.phrases import assignments
from annotations.queue import worker_wakeup
from clarify_errors.arrays.phrases import phrase_text
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, LANGUAGES
from clarify_errors.arrays.phrases.phrase_reading import read
from clarify_errors.arrays.phrases.word_forms import nearest_word, unknown_words

MAX_FAILED = 50  # phrases of a task that could not be scored and use up no try

WINDOW_S = 60


def submit(
    assignment: Assignment,
    *,
    client_uuid: uuid.UUID,
    text: str,
    writing: Mapping[str, int] | None = None,
    once: bool = False,
    is_checked: bool = True,
    as_typed: str | None = None,
) -> tuple[Phrase, bool]:
    """Store a phrase and ask for its score. Returns the row, and whether this call made it.

    writing: how the words came into the field, which changes nothing here (decision 0061). once: where a phrase that
    did not fail says the same, capitals aside, return that one: whoever says it once more uses up no try. is_checked:
    False for what stood in the field when the time was over, which is kept and excluded from the results (decision 82).
    as_typed: the words that the person means as they stand; about any others that no word list has, or that the page's
    language has with another meaning, they are asked. None: nobody is asked.

    A replay (the same client uuid and text) returns the stored row, also after the deadline; the same uuid with another
    text raises ClientUuidReused. Raises PhraseRefused for a text that cannot be scored, StudyNotOpen in a closed study,
    AssignmentNotActive before the start and after the end, TimeIsOver, TooManyPhrases; WordsInDoubt to ask.
    """
    reason = phrase_text.refusal(text)
    if reason:
        raise PhraseRefused(reason)
    text = phrase_text.normalise(text)
    with transaction.atomic():
        locked = assignments.lock_row(assignment)
        said = list(locked.phrases.order_by("ordinal"))  # nobody adds to it meanwhile
        stored = next((phrase for phrase in said if phrase.client_uuid == client_uuid), None)
        if stored is not None:
            if stored.text != text:
                raise ClientUuidReused
            redis_counters.tally("duplicate_phrases")
            return stored, False
        assignments.refuse_unless_running(locked, timezone.now(), said)
        before = _says_the_same(said, text) if once else None
        if before is not None:
            return before, False
        _refuse_too_many(locked, said)
        is_meant = as_typed is None or (not phrase_text.refusal(as_typed) and phrase_text.normalise(as_typed) == text)
        if is_checked and not is_meant:
            _ask_about_unknown_words(text, assignment.session.study.phrase_language)
        why = "" if is_checked else UNCHECKED
        phrase = _store(locked, len(said) + 1, why, client_uuid=client_uuid, text=text, writing=writing)
        worker_wakeup.dispatch_on_commit(worker_wakeup.SCORE_PHRASES)
    return phrase, True


def _says_the_same(said: Sequence[Phrase], text: str) -> Phrase | None:
    same = (phrase for phrase in said if phrase.text.casefold() == text.casefold())
    return next((phrase for phrase in same if phrase.state != PhraseState.FAILED), None)


def _refuse_too_many(assignment: Assignment, said: Sequence[Phrase]) -> None:
    n_failed = sum(phrase.state == PhraseState.FAILED for phrase in said)
    n_nothing = Score.objects.filter(phrase__assignment=assignment, finds_nothing=True).count()
    # Neither a phrase that could not be scored nor one that found no difference uses up a try; but there is an end.
    free = min(n_failed, MAX_FAILED) + min(n_nothing, MAX_GIVEN_BACK)
    if len(said) - free >= assignment.task.max_phrases:
        raise TooManyPhrases(assignment.task.max_phrases)


def _ask_about_unknown_words(text: str, language: str) -> None:
    """Raise WordsInDoubt for a phrase of which no word list has a word, or that is one of the page's language.

    The lists are English, and so are the words that are mistaken for others.
    """
    if language != ENGLISH:
        return
    subject, page = read(text)[0], LANGUAGES.get(get_language() or ENGLISH)
    if page and page.false_friend.match(subject):
        raise WordsInDoubt(text, is_foreign=True)
    unknown = unknown_words(subject)
    if unknown:
        raise WordsInDoubt(text, nearest_word(unknown[0]) if len(unknown) == 1 else "")


def _store(assignment: Assignment, ordinal: int, why_excluded: str, **given: Any) -> Phrase:
    phrase = Phrase.objects.create(
        assignment=assignment,
        ordinal=ordinal,
        moderation=Moderation.EXCLUDED if why_excluded else Moderation.UNREVIEWED,
        moderation_reason=why_excluded,
        **given,
        submitted_at=timezone.now(),
        keywords_seen=len(assignment.task.keyword_list) if assignment.keywords_seen_at else 0,
    )
    which = {"assignment": assignment.public_id, "ordinal": phrase.ordinal}
    events.record(event_kinds.PHRASE_SUBMITTED, assignment.session, phrase, **which)
    return phrase


def check_rate_limit(session: AnnotationSession) -> None:
    """Count one phrase that a visit's participant sends. Raises TooFast above PHRASES_PER_MINUTE."""
    sent = redis_counters.count(f"phrases:{session.participant_id}", WINDOW_S)
    if sent is not None and sent.n > settings.PHRASES_PER_MINUTE:
        raise TooFast(sent.seconds_left)
