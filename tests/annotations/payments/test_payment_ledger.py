"""Any order of what coordinators, workers, Prolific and crashes can do to money: nobody is ever paid twice.

The fake Prolific is real but for its line: an answer can be lost, a call refused, a worker killed before or after it.
Coordinators who are asked look at Prolific and tell the truth.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Literal

import hypothesis
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from annotations.base.service_errors import NotPossible
from annotations.models import SETTLED, UNDER_WAY, BatchState, Payment, PaymentBatch, Study, Submission
from annotations.payments import payment_files, payment_ledger, payment_sender
from annotations.prolific_client.client import bonus_lines
from annotations.prolific_client.prolific_errors import Busy, NoAnswer, Refused, ServerFault, TokenRefused
from tests.fake_prolific.clerk import Clerk, NotAllowed
from tests.fake_prolific.records import FakeSubmission
from tests.support.prolific_steps import THERE, arrive, ids, submission_of

PEOPLE = ("ann", "bob", "cleo")
Trouble = Literal["none", "busy", "refused", "fault", "lost", "token", "killed before", "killed after"]
TROUBLES = st.sampled_from(
    ("none", "none", "busy", "refused", "fault", "lost", "token", "killed before", "killed after")
)


class Killed(BaseException):
    """The worker's end."""


class Line:
    """What stands for the client: calls reach the clerk or do not, and answers come or do not."""

    def __init__(self, clerk: Clerk) -> None:
        self.clerk = clerk
        self.troubles: list[Trouble] = []
        self.is_in_doubt = False  # whether a request was set up is known to nobody here

    def create_bonuses(self, study_id: str, cents: Any) -> str:
        assert not self.is_in_doubt, "set up again without anybody having looked"
        body = {"study_id": study_id, "csv_bonuses": bonus_lines(cents)}
        self.is_in_doubt = True
        try:
            made = str(self._call(lambda: self.clerk.create_bonuses(body)["id"]))
        except (Busy, Refused, TokenRefused):  # it was surely not
            self.is_in_doubt = False
            raise
        self.is_in_doubt = False
        return made

    def pay_bonuses(self, request_id: str) -> None:
        self._call(lambda: self.clerk.pay_bonuses(request_id))

    def _call(self, act: Callable[[], Any]) -> Any:
        trouble = self.troubles.pop() if self.troubles else "none"
        before = {
            "busy": Busy(),
            "refused": Refused("Not enough money."),
            "token": TokenRefused("No."),
            "fault": ServerFault(),  # before anything was done, which nobody here can know
            "killed before": Killed(),
        }
        if trouble in before:
            raise before[trouble]
        try:
            done = act()
        except NotAllowed as refusal:
            raise Refused(str(refusal.detail)) from None
        if trouble == "lost":
            raise NoAnswer("Prolific did not answer.")
        if trouble == "killed after":
            raise Killed
        return done


class LedgerOfMoney(RuleBasedStateMachine):
    study: ClassVar[Study]
    people: ClassVar[dict[str, Submission]]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.clerk = Clerk("secret")
        self.line: Any = Line(self.clerk)
        self.forms: list[uuid.UUID] = []
        self.handed_out: Counter[str] = Counter()
        self.known: set[str] = set()  # requests at Prolific that somebody has told a batch from

    def teardown(self) -> None:
        try:
            self.drain()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.clerk.studies[THERE] = object()  # type: ignore[assignment]  # only its name is asked for
        for name in PEOPLE:
            known = ids(name, self.study)
            self.clerk.submissions[known.session] = FakeSubmission(
                known.session, known.participant, THERE, "APPROVED", self.clerk.now, self.clerk.now
            )

    # -- What is owed --------------------------------------------------------------------------------------------------
    @rule(name=st.sampled_from(PEOPLE), cents=st.integers(1, 300))
    def owe(self, name: str, cents: int) -> None:
        self.forms.append(uuid.uuid4())
        assert payment_ledger.add_by_hand(self.people[name], cents, reason="work", by="cora", form=self.forms[-1])

    @precondition(lambda self: self.forms)
    @rule(name=st.sampled_from(PEOPLE), cents=st.integers(1, 300), data=st.data())
    def send_a_form_twice(self, name: str, cents: int, data: st.DataObject) -> None:
        form = data.draw(st.sampled_from(self.forms))
        assert not payment_ledger.add_by_hand(self.people[name], cents, reason="again", by="dora", form=form)

    @rule(data=st.data(), reason=st.sampled_from(("", "a mistake")))
    def withhold(self, data: st.DataObject, reason: str) -> None:
        payment = any_of(data, Payment)
        if payment:
            self.maybe(lambda: payment_ledger.withhold(payment, reason=reason, by="cora"))

    # -- Batches -------------------------------------------------------------------------------------------------------
    @rule(data=st.data())
    def prepare(self, data: st.DataObject) -> None:
        every = list(Payment.objects.values_list("pk", flat=True))
        chosen = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True)) if every else []
        self.maybe(lambda: payment_ledger.prepare(self.study, chosen, by="cora"))

    @rule()
    def prepare_all_that_is_owed(self) -> None:
        owed = Payment.objects.filter(batch=None, withheld_reason="").values_list("pk", flat=True)
        self.maybe(lambda: payment_ledger.prepare(self.study, list(owed), by="cora"))

    @rule()
    def send_all_that_is_owed(self) -> None:
        self.prepare_all_that_is_owed()
        for batch in PaymentBatch.objects.filter(state=BatchState.PREPARED, due_at=None):
            payment_ledger.send(batch, by="cora")

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        batch = any_of(data, PaymentBatch)
        if batch:
            self.maybe(lambda: payment_ledger.send(batch, by="cora"))

    @rule(data=st.data())
    def undo_batch(self, data: st.DataObject) -> None:
        batch = any_of(data, PaymentBatch)
        if batch:
            self.maybe(lambda: payment_ledger.undo_batch(batch, by="cora"))

    @rule(data=st.data())
    def hand_out(self, data: st.DataObject) -> None:
        batch = any_of(data, PaymentBatch)
        text = batch and self.maybe(lambda: payment_files.hand_out(batch, by="cora"))
        if text and batch.state != BatchState.EXPORTED:  # as it was before
            self.handed_out.update(cents_of(line.split(",") for line in text.splitlines()))

    # -- The worker, with everything that can go wrong -----------------------------------------------------------------
    @rule(cents=st.integers(1, 300), troubles=st.lists(TROUBLES, min_size=1, max_size=2))
    def owe_and_send_in_trouble(self, cents: int, troubles: list[Trouble]) -> None:
        self.owe("ann", cents)
        self.send_all_that_is_owed()
        self.work(troubles)

    @rule(troubles=st.lists(TROUBLES, max_size=3))
    def work(self, troubles: list[Trouble]) -> None:
        PaymentBatch.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        self.line.troubles = list(troubles)
        with suppress(Killed, TokenRefused):
            payment_sender.send_due(self.line)

    @rule()
    def prolific_goes_on(self) -> None:
        self.clerk.run_jobs()

    # -- What a coordinator answers who looks at Prolific --------------------------------------------------------------
    @rule(data=st.data(), pays=st.booleans())
    def answer(self, data: st.DataObject, pays: bool) -> None:
        batch = any_of(data, PaymentBatch)
        if batch and batch.state in (BatchState.UNSURE, BatchState.FAILED):
            self.settle(batch, pays)
        elif batch:
            for act in (payment_ledger.record_paid, payment_ledger.record_not_sent, payment_ledger.pay_again):
                assert self.maybe(partial(self.answered, act, batch)) is None

    def answered(self, act: Callable[..., None], batch: PaymentBatch) -> str:
        act(batch, by="cora")
        return "answered"

    def settle(self, batch: PaymentBatch, pays: bool) -> None:
        """Look at Prolific's page. What waits there is paid, by us or on the page, or deleted there."""
        there, self.line.is_in_doubt = self.there(batch), False
        if there is None:
            self.maybe(lambda: payment_ledger.record_not_sent(batch, by="cora"))
        elif there.state == "CREATED" and not pays:
            del self.clerk.bonus_requests[there.request_id]
            self.maybe(lambda: payment_ledger.record_not_sent(batch, by="cora"))
        elif there.state == "CREATED" and batch.outside_id:
            self.maybe(lambda: payment_ledger.pay_again(batch, by="cora"))
        else:
            if there.state == "CREATED":
                self.clerk.pay_bonuses(there.request_id)
            self.known.add(there.request_id)
            payment_ledger.record_paid(batch, by="cora")

    # -- What must hold ------------------------------------------------------------------------------------------------
    @invariant()
    def nobody_gets_more_than_the_ledger_says(self) -> None:
        got = self.paid_there() + self.handed_out
        owed = self.owed(Payment.objects.filter(batch__isnull=False))
        assert got <= owed

    @invariant()
    def whoever_is_settled_got_it(self) -> None:
        settled = Payment.objects.filter(batch__state__in=SETTLED)
        assert self.owed(settled) <= self.paid_there() + self.handed_out

    @invariant()
    def one_batch_is_under_way(self) -> None:
        assert PaymentBatch.objects.filter(state__in=UNDER_WAY).count() <= 1

    @invariant()
    def what_is_withheld_is_in_no_batch(self) -> None:
        assert not Payment.objects.exclude(withheld_reason="").exclude(batch=None).exists()

    def drain(self) -> None:
        """Once nothing goes wrong and every question is answered, all that is owed is paid, to the hundredth."""
        for _turn in range(40):
            self.work([])
            self.clerk.run_jobs()
            # First what left a request at Prolific, which is what all others fail for; then the oldest.
            asked = PaymentBatch.objects.filter(state__in=[BatchState.UNSURE, BatchState.FAILED])
            for batch in sorted(asked, key=lambda each: (self.there(each) is None, each.pk)):
                self.settle(batch, pays=True)
            for batch in PaymentBatch.objects.filter(state=BatchState.PREPARED, due_at=None):
                payment_ledger.send(batch, by="cora")
            self.prepare_all_that_is_owed()
            if not Payment.objects.filter(withheld_reason="").exclude(batch__state__in=SETTLED).exists():
                break
        assert self.paid_there() + self.handed_out == self.owed(Payment.objects.filter(withheld_reason=""))

    # -- Looking -------------------------------------------------------------------------------------------------------
    def maybe(self, act: Callable[[], Any]) -> Any:
        """What an act returns, None where it is refused with a sentence."""
        try:
            with transaction.atomic():
                return act()
        except NotPossible as refusal:
            assert refusal.message
            return None

    def there(self, batch: PaymentBatch) -> Any:
        """The request of a batch at Prolific: by its id, or the one that belongs to no other batch."""
        if batch.outside_id or batch.state == BatchState.FAILED:
            return self.clerk.bonus_requests.get(batch.outside_id)
        noted = set(PaymentBatch.objects.values_list("outside_id", flat=True)) | self.known
        return next((made for key, made in self.clerk.bonus_requests.items() if key not in noted), None)

    def paid_there(self) -> Counter[str]:
        made = [request for request in self.clerk.bonus_requests.values() if request.state != "CREATED"]
        return cents_of(line for request in made for line in request.lines)

    def owed(self, rows: Any) -> Counter[str]:
        sums: Counter[str] = Counter()
        names = {submission.pk: ids(name, self.study).participant for name, submission in self.people.items()}
        for submission, cents in rows.values_list("submission", "amount_cents"):
            sums[names[submission]] += cents
        return sums


def cents_of(lines: Any) -> Counter[str]:
    sums: Counter[str] = Counter()
    for whom, units in lines:
        whole, hundredths = units.split(".")
        sums[whom] += int(whole) * 100 + int(hundredths)
    return sums


def any_of(data: st.DataObject, model: Any) -> Any:
    rows = list(model.objects.order_by("pk"))
    return rows[data.draw(st.integers(0, len(rows) - 1))] if rows else None


def test_nobody_is_ever_paid_twice_and_sums_hold(open_study, settings):
    begin_with_people(open_study, settings)
    run(LedgerOfMoney, settings=hypothesis.settings(max_examples=40, stateful_step_count=20, deadline=None))


def test_a_batch_whose_request_waits_at_prolific_is_paid_before_an_older_one_that_was_refused(open_study, settings):
    begin_with_people(open_study, settings)
    ledger = LedgerOfMoney()
    ledger.begin()
    ledger.owe("ann", 9)
    ledger.send_all_that_is_owed()
    ledger.work(["refused"])
    ledger.owe_and_send_in_trouble(57, ["refused", "none"])
    ledger.owe("bob", 284)
    ledger.teardown()


def begin_with_people(open_study, settings):
    settings.PROLIFIC_TOKEN = "a token"
    open_study.external_study_id = THERE
    open_study.save(update_fields=["external_study_id"])
    LedgerOfMoney.study = open_study
    settings.PROLIFIC_TOKEN = ""
    for name in PEOPLE:
        arrive(open_study, name, consents=False)
    settings.PROLIFIC_TOKEN = "a token"
    LedgerOfMoney.people = {name: submission_of(open_study, name) for name in PEOPLE}
