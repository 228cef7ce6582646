"""Who was put into which cell (condition x order of tasks), and how full the cells were at that moment."""

from django.db import models
from django.db.models import Q

from annotations.models.condition import Condition
from annotations.models.constraints import once, rule
from annotations.models.participant import AnnotationSession, Participant
from annotations.models.study import Study


class AllocationState(models.TextChoices):
    LIVE = "live"
    COMPLETED = "completed"
    RELEASED = "released"


HOLDING = (AllocationState.LIVE, AllocationState.COMPLETED)  # states in which an allocation fills its cell


class Allocation(models.Model):
    """A place in the study. One per counted visit, from consent on; previews and simulated visits have none."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="allocations")
    session = models.OneToOneField(AnnotationSession, on_delete=models.PROTECT, related_name="allocation")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="allocations")
    condition = models.ForeignKey(
        Condition, null=True, blank=True, on_delete=models.PROTECT, related_name="allocations"
    )
    order = models.PositiveSmallIntegerField()
    counts = models.JSONField(help_text="completed and live allocations of each cell just before, by “condition:order”")
    seed = models.BigIntegerField(help_text="broke the tie among the least filled cells")
    state = models.CharField(max_length=9, choices=AllocationState, default=AllocationState.LIVE)
    allocated_at = models.DateTimeField()
    lease_expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="completed or released")
    release_reason = models.CharField(
        max_length=20, blank=True, help_text="expired, returned, timed_out, failed_check, withdrawn, restarted, closed"
    )

    class Meta:
        ordering = ["study", "id"]
        constraints = [
            rule("allocation_state_known", state__in=AllocationState.values),
            rule(
                "allocation_end_fits_state",
                Q(state=AllocationState.LIVE, ended_at__isnull=True, release_reason="")
                | Q(state=AllocationState.COMPLETED, ended_at__isnull=False, release_reason="")
                | (Q(state=AllocationState.RELEASED, ended_at__isnull=False) & ~Q(release_reason="")),
            ),
            once("allocation_one_place_a_person", "participant", condition=Q(state__in=HOLDING)),
        ]
        indexes = [
            models.Index(fields=["lease_expires_at"], name="allocation_lease", condition=Q(state=AllocationState.LIVE))
        ]
