"""The ledger of money, in integer hundredths: what is owed, what was sent, what was paid, each once."""

from django.db import models
from django.db.models import Q

from annotations.models.constraints import once, rule
from annotations.models.participant import OfVisits
from annotations.models.study import Study
from annotations.models.submission import Submission


class BatchState(models.TextChoices):
    PREPARED = "prepared"
    SENT = "sent", "asked of Prolific"
    UNSURE = "unsure", "may have reached Prolific: somebody must look"
    PAID = "paid"
    EXPORTED = "exported", "handed out as a file"
    FAILED = "failed"


UNDER_WAY = (BatchState.PREPARED, BatchState.SENT, BatchState.UNSURE)  # no other batch of the study goes out meanwhile
SETTLED = (BatchState.PAID, BatchState.EXPORTED)  # its payments are owed no more


class PaymentBatch(models.Model):
    """Payments that go out together. Prolific takes one bonus request of a study at a time.

    A prepared batch with `due_at` goes to Prolific; without, it waits for somebody to send it or hand it out.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="payment_batches")
    state = models.CharField(max_length=8, choices=BatchState, default=BatchState.PREPARED)
    outside_id = models.CharField(max_length=64, blank=True, help_text="Prolific's id of the bonus request")
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "payment batches"
        constraints = [
            rule("payment_batch_state_known", state__in=BatchState.values),
            once("payment_batch_one_at_a_time", "study", condition=Q(state__in=UNDER_WAY)),
        ]

    def __str__(self) -> str:
        return f"payments {self.pk} of {self.study}"

    @property
    def waits(self) -> bool:
        """Whether it waits for somebody to send it or hand it out."""
        return self.state == BatchState.PREPARED and self.due_at is None

    @property
    def is_in_question(self) -> bool:
        """Whether only a person can say what is to become of it."""
        return self.state in (BatchState.UNSURE, BatchState.FAILED)

    @property
    def may_be_there(self) -> bool:
        """Whether it is in question, and may have reached Prolific."""
        return self.is_in_question and (self.state == BatchState.UNSURE or self.outside_id != "")


class PaymentQuerySet(OfVisits["Payment"]):
    visit = "submission__session__"


class Payment(models.Model):
    """Money owed to one person beside the reward. The key makes a rule that is applied twice pay once."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="payments")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="payments")
    rule = models.CharField(max_length=60, help_text="why: the bonus rule's name, or “by hand”")
    reason = models.TextField(help_text="in a sentence, with the numbers that it rests on")
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    idempotency_key = models.CharField(max_length=80)
    withheld_reason = models.TextField(
        blank=True, help_text="why a coordinator decided not to pay it; empty: it is owed"
    )
    batch = models.ForeignKey(PaymentBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["study", "id"]
        constraints = [
            once("payment_once", "study", "idempotency_key"),
            rule("payment_positive", amount_cents__gte=1),
            rule("payment_withheld_is_in_no_batch", Q(withheld_reason="") | Q(batch__isnull=True)),
        ]

    def __str__(self) -> str:
        return amount(self.amount_cents, self.currency)


def amount(cents: int, currency: str = "") -> str:
    """Return hundredths as they are read everywhere, in units with two decimals.

    >>> amount(350), amount(5, "GBP")
    ('3.50', '0.05 GBP')
    """
    return f"{cents // 100}.{cents % 100:02} {currency}".rstrip()
