"""What a study has paid for what it found: a sentence and a table of the results page, for those who see payments.

In no release: money is in no table of results.
"""

from dataclasses import dataclass

from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.saturation_columns import Counted
from annotations.base.tables.columns import Table
from annotations.base.tables.worded_tables import worded
from annotations.models import Study
from annotations.models.payment import amount
from annotations.payments.costs import totals
from clarify_errors.arrays.common.counted_words import persons


@dataclass(frozen=True)
class Cost:
    """What was paid, in hundredths: rewards, settled bonuses, and Prolific's fee where it is known.

    people: whose reward was paid; findings: ideas that are better than guessing, over all tasks; None where that cannot
    be told of a task; unpaid: who finished, and whose reward awaits review or is not known.
    """

    currency: str
    rewards: int
    bonuses: int
    fee: int | None
    people: int
    findings: int | None
    unpaid: int = 0

    @property
    def total(self) -> int:
        return self.rewards + self.bonuses + (self.fee or 0)

    @property
    def per_person(self) -> int | None:
        """Hundredths for each person whose reward was paid, rounded."""
        return round(self.total / self.people) if self.people else None

    @property
    def per_finding(self) -> int | None:
        """Hundredths for each idea that is better than guessing, rounded; None while rewards are unsettled."""
        return round(self.total / self.findings) if self.findings and not self.unpaid else None


COSTS: Table[Cost] = worded(__package__, "costs")


def cost(study: Study, tables: StudyTables) -> FilledTable[Cost]:
    """Return what the study has paid and found, in one row."""
    paid, rows = totals(study), tables.novelty.rows
    is_told = bool(rows) and all(row.counted is Counted.BETTER for row in rows)
    findings = sum(row.novelty.concepts for row in rows) if is_told else None
    sums = paid.rewards.cents, paid.bonuses.cents, paid.fee_cents
    unpaid = paid.awaiting.n + paid.unknown.n
    return FilledTable(COSTS, (Cost(study.currency, *sums, paid.rewards.n, findings, unpaid),))


def cost_sentence(of: Cost) -> str:
    """Say what was paid and what a finding cost; nothing where nothing was paid."""
    if not of.total:
        return ""
    fee = " with Prolific’s fee" if of.fee else ""
    told = f"{amount(of.total, of.currency)} was paid{fee}"
    if of.per_person is not None:
        told += f": {amount(of.per_person)} for each of {persons(of.people)}"
    if of.per_finding is not None:
        ideas = "the one idea that is" if of.findings == 1 else f"each of {of.findings:,} ideas that are"
        told += f", {amount(of.per_finding)} for {ideas} better than guessing"
    elif of.findings and of.unpaid:
        told += f". What an idea costs is told once the rewards of {persons(of.unpaid)} more are settled"
    return f"{told}."
