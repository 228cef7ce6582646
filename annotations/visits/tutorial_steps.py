"""The tutorial's example, done by hand: what a person finds and tries in it is stored, so that it goes on anywhere."""

import uuid

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotations.base.service_errors import ClientUuidReused, PhraseRefused, StageMismatch, TooManyPhrases
from annotations.log import events
from annotations.models import AnnotationSession, PracticePhrase, Stage, event_kinds
from annotations.visits.sessions import refuse_closed
from annotations.visits.tutorial_example import is_wrong, practice_score
from clarify_errors.arrays.phrases import phrase_text

MAX_PRACTICE_PHRASES = 50


def look(session: AnnotationSession, picture: int) -> bool:
    """Take a picture that a person pointed at as one that the AI got wrong, and return whether it is.

    picture: its position, from 0. The first right answer is stored.
    """
    if not is_wrong(picture):
        return False
    at_tutorial = AnnotationSession.objects.filter(pk=session.pk, stage=Stage.TUTORIAL)
    with transaction.atomic():
        if at_tutorial.filter(looked_at__isnull=True).update(looked_at=timezone.now()):
            events.record(event_kinds.PRACTICE_LOOKED, session)
    session.refresh_from_db(fields=["looked_at", "stage"])
    return True


def try_phrase(session: AnnotationSession, *, client_uuid: uuid.UUID, text: str) -> PracticePhrase:
    """Store a phrase of the tutorial with its score; the same client uuid and text again returns the stored row.

    Its value is None for words that the tutorial does not know. Raises PhraseRefused, ClientUuidReused, StageMismatch
    outside of the tutorial and before a wrong picture was found, TooManyPhrases, StudyNotOpen in a closed study.
    """
    reason = phrase_text.refusal(text)
    if reason:
        raise PhraseRefused(reason)
    text = phrase_text.normalise(text)
    refuse_closed(session.study)
    with transaction.atomic():
        locked = AnnotationSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        stored = locked.practice_phrases.filter(client_uuid=client_uuid).first()
        if stored is not None:
            if stored.text != text:
                raise ClientUuidReused
            return stored
        if locked.stage != Stage.TUTORIAL or locked.looked_at is None:
            raise StageMismatch
        ordinal = (locked.practice_phrases.aggregate(last=Max("ordinal"))["last"] or 0) + 1
        if ordinal > MAX_PRACTICE_PHRASES:
            raise TooManyPhrases(MAX_PRACTICE_PHRASES)
        score = practice_score(text)
        value = None if score is None else score.value
        tried = PracticePhrase.objects.create(
            session=locked, client_uuid=client_uuid, ordinal=ordinal, text=text, value=value
        )
        events.record(event_kinds.PRACTICE_TRIED, session, tried)
    return tried
