"""A reason has a length on every page of a study that asks for one; a longer one is refused, and nothing is stored."""

import pytest
from django.test import Client

from annotations.models import AuditRecord, Moderation, Phrase, Study
from tests.support.actors import Visit
from tests.support.rows import add_phrase

TOO_LONG = {"a thousand and one letters": "a" * 1_001, "combining marks": "e" + 900 * "\u0301\u0323" + "a" * 300}


@pytest.mark.parametrize("reason", TOO_LONG.values(), ids=TOO_LONG)
@pytest.mark.parametrize("page", ["moderation", "withdrawals"])
def test_a_longer_reason_is_refused_and_nothing_happens(
    coordinator_client: Client, open_study: Study, alice: Visit, page: str, reason: str
) -> None:
    phrase, person = add_phrase(alice, "red", 0.75), alice.session.participant
    before = AuditRecord.objects.count()
    acts: dict[str, dict[str, object]] = {
        "moderation": {"act": "hide", "phrase": phrase.pk},
        "withdrawals": {"act": "withdraw", "participant": person.pseudonym},
    }
    address = f"/admin/annotations/study/{open_study.pk}/{page}/"
    answer = coordinator_client.post(address, {**acts[page], "reason": reason}, follow=True)
    if "\u0301" not in reason:
        assert "Reason: This is too long. Use at most 1000 characters." in answer.content.decode()
    else:
        assert answer.status_code in {200, 400}
    assert Phrase.objects.get().moderation == Moderation.UNREVIEWED
    person.refresh_from_db()
    assert not person.sessions.exclude(withdrawn_at=None).exists() and AuditRecord.objects.count() == before


def test_a_reason_of_a_thousand_letters_is_stored(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "red", 0.75)
    address = f"/admin/annotations/study/{open_study.pk}/moderation/"
    coordinator_client.post(address, {"act": "hide", "phrase": phrase.pk, "reason": "a" * 1_000})
    phrase.refresh_from_db()
    assert (phrase.moderation, phrase.moderation_reason) == (Moderation.HIDDEN, "a" * 1_000)
