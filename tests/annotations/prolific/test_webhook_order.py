"""Webhooks and polls come in any order and more than once; the state they end in is the same."""

import datetime as dt
import uuid

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import composite

from annotations.models import Allocation, Submission, WebhookDelivery
from annotations.prolific import submissions
from annotations.prolific import webhook_events as webhooks
from annotations.prolific.submissions import Source
from tests.support.prolific_steps import arrive, ids, put_on_prolific, submission_of

T = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
STATUSES = ("RESERVED", "ACTIVE", "TIMED-OUT", "RETURNED", "AWAITING REVIEW", "APPROVED", "REJECTED", "SOMETHING NEW")


@composite
def told(draw):
    """What Prolific says over time, (way, minute, status, event id): webhooks of changes, and polls between them."""
    history = draw(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=5))
    messages = [("webhook", 2 * i, status, f"event-{i}") for i, status in enumerate(history)]
    seen_by_polls = draw(st.sets(st.integers(0, len(history) - 1)))
    return messages + [("poll", 2 * i + 1, history[i], "") for i in seen_by_polls]


@composite
def two_orders(draw):
    messages = draw(told())
    repeated = draw(st.lists(st.sampled_from(messages), max_size=4))
    return draw(st.permutations(messages)), draw(st.permutations(messages + repeated))


def say(study, message, run):
    way, minute, status, event_id = message
    at = T + dt.timedelta(minutes=minute)
    if way == "webhook":
        body = {"resource_id": ids("anna", study).session, "status": status}
        webhooks.take(f"{run}-{event_id}", webhooks.SUBMISSION_STATUS, at, body)
    else:
        report = submissions.StatusReport(status, at, Source.POLL)
        submissions.note_status(study, report, ids=ids("anna", study))


def state_after(study, messages):
    """The state that an order ends in; then all of it is undone."""
    run = uuid.uuid4()
    with transaction.atomic():
        for message in messages:
            say(study, message, run)
        row = submission_of(study, "anna")
        allocation = Allocation.objects.get(session=row.session)
        ends = (row.status, row.seen_at, allocation.state, bool(allocation.release_reason))
        n_taken = WebhookDelivery.objects.filter(event_id__startswith=str(run)).count()
        transaction.set_rollback(True)
    return *ends, n_taken


def test_every_order_and_every_repetition_ends_in_the_same_state(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    arrive(study, "anna")

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(two_orders())
    def check(orders):
        one, other = orders
        expected = max((minute, status) for _way, minute, status, _event in one)
        state = state_after(study, one)
        assert state == state_after(study, other)
        assert state[0] == expected[1]

    check()


def test_a_poll_brings_what_every_lost_webhook_would_have(open_study, prolific):
    """Some webhooks arrive, some never do, some are of people who never came: one poll later both sides agree."""
    study = put_on_prolific(open_study, prolific)

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(
        moves=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(STATUSES)), max_size=12),
        order=st.randoms(use_true_random=False),
        arrives=st.lists(st.booleans(), min_size=12, max_size=12),
    )
    def check(moves, order, arrives):
        with transaction.atomic():
            clerk = prolific.clerk
            clerk.submissions.clear()
            people = [prolific.add_submission(study.external_study_id, f"p{i}", f"s{i}", "RESERVED") for i in range(5)]
            hooks = [(clerk.now, people[i], status, clerk.move(people[i], status)) for i, status in moves]
            arrived = [hook for hook, comes in zip(hooks, arrives, strict=False) if comes] * 2
            order.shuffle(arrived)
            for _before, person, status, hook in arrived:
                body = {"resource_id": person.submission_id, "status": status}
                webhooks.take(hook.event_id, webhooks.SUBMISSION_STATUS, clerk.now, body)
            clerk.tick()
            submissions.Reconciliation.objects.all().delete()
            assert submissions.reconcile(study, submissions.prolific_client.client()) == 5
            ours = {submissions.ids_of(row).session: row.status for row in Submission.objects.filter(study=study)}
            assert ours == {person.submission_id: person.status for person in people}
            transaction.set_rollback(True)

    check()
