"""The end of the retention period: nothing leads from the data to a person any more."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.base.service_errors import IdentityDestroyed
from annotations.log import withdrawal_keys
from annotations.log.replay import differences, replay
from annotations.models import AnnotationSession, AuditRecord, IdentityKey, Phrase, Study, Submission
from annotations.studies import lifecycle
from annotations.visits import retention
from tests.support.logged import stored
from tests.support.steps import submit_and_score

DAY = dt.timedelta(days=1)


@pytest.fixture
def closed(alice):
    """A closed study whose ids are kept for 30 days."""
    submit_and_score(alice, "red")
    study = alice.session.study
    Study.objects.filter(pk=study.pk).update(retention_days=30)
    lifecycle.close_study(study)
    study.refresh_from_db()
    return study


def test_nothing_happens_before_the_day(closed):
    assert retention.apply_due(timezone.now() + 29 * DAY) == 0
    assert IdentityKey.objects.exists()


def test_after_it_every_id_and_key_is_destroyed_and_the_data_stay(closed):
    assert retention.apply_due(timezone.now() + 30 * DAY) == 1
    closed.refresh_from_db()
    assert not closed.keeps_ids and not IdentityKey.objects.exists()
    assert not AnnotationSession.objects.exclude(sealed_withdrawal_token=b"").exists()
    assert not Submission.objects.exclude(sealed_ids=None).exists()
    assert Phrase.objects.get().text == "red"
    assert AuditRecord.objects.get(act="ids_destroyed").actor == "system"


def test_it_is_done_once(closed):
    now = timezone.now() + 31 * DAY
    assert (retention.apply_due(now), retention.apply_due(now)) == (1, 0)


def test_a_study_without_a_period_is_left_alone(closed):
    Study.objects.filter(pk=closed.pk).update(retention_days=None)
    assert retention.apply_due(timezone.now() + 9999 * DAY) == 0


def test_a_study_that_is_open_is_left_alone(open_study):
    Study.objects.filter(pk=open_study.pk).update(retention_days=1)
    open_study.refresh_from_db()
    assert retention.apply_due(timezone.now() + 9999 * DAY) == 0
    assert retention.ends_at(open_study) is None


def test_the_plain_part_of_the_log_still_agrees(closed):
    retention.apply_due(timezone.now() + 31 * DAY)
    closed.refresh_from_db()
    state = replay(closed)
    assert state.sealed and not state.erased
    assert differences(state, stored(closed)) == []


def test_withdrawal_links_say_that_nobody_can_be_told_apart(closed, alice, client):
    key = withdrawal_keys.token(alice.session)
    retention.apply_due(timezone.now() + 31 * DAY)
    with pytest.raises(IdentityDestroyed):
        withdrawal_keys.token(AnnotationSession.objects.get())
    answer = client.get(f"/withdraw/{alice.session.public_id}?key={key}")
    assert answer.status_code == 410
    assert "anonymous" in answer.content.decode()
