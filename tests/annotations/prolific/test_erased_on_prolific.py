"""Prolific goes on listing the submission of somebody who was erased here."""

import datetime as dt

from django.utils import timezone

from annotations.models import IdentityKey, Submission
from annotations.prolific import site_client as prolific_client
from annotations.prolific.submissions import reconcile
from annotations.visits import erasure
from annotations.visits.withdrawal import withdraw
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific


def test_a_poll_does_not_bring_back_who_was_erased(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    begin_there(prolific, study, "anna", "RETURNED")
    begin_there(prolific, study, "bert")
    session = arrive(study, "anna")
    withdraw(session)
    erasure.erase_due(timezone.now() + dt.timedelta(days=30))
    session.refresh_from_db()
    assert not IdentityKey.objects.exists()
    assert reconcile(study, prolific_client.client()) == 2
    assert Submission.objects.filter(sealed_ids__isnull=False).count() == 1  # of Bert
    assert IdentityKey.objects.count() == 1
    assert Submission.objects.get(session=session).status == ""
