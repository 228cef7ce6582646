"""What the pages say of each discrepancy: its name, what it means, and the acts that mend it, the likeliest first."""

from dataclasses import dataclass
from typing import Final, Literal

from annotations.readings.payments.discrepancies import Discrepancy

Repair = Literal["complete", "approve", "request_return", "message", "release_place", "refresh", "pay_by_hand"]


@dataclass(frozen=True)
class Words:
    """Texts about one kind of discrepancy.

    `repairs` are those of any status; `services.payments.discrepancy_repairs` says which of them fit a submission.
    """

    label: str
    meaning: str
    repairs: tuple[Repair, ...]


WORDS: Final[dict[Discrepancy, Words]] = {
    Discrepancy.RETURNED: Words(
        "done here, returned there",
        "The person did all of it and returned the submission, often because the code did not arrive. Nobody but the "
        "person can take a return back: write to them, or pay the reward as a bonus.",
        ("pay_by_hand", "message"),
    ),
    Discrepancy.TIMED_OUT: Words(
        "done here, timed out there",
        "The person finished after Prolific's time was over. While nobody has the place, completing it there works.",
        ("complete", "pay_by_hand", "message"),
    ),
    Discrepancy.NO_CODE: Words(
        "done here, no code there",
        "The way back to Prolific was lost. What was done here is the proof: complete it with the researcher's code, "
        "or approve what was handed in without one.",
        ("complete", "approve", "message"),
    ),
    Discrepancy.NOT_DONE: Words(
        "code there, not done here",
        "It was handed in on Prolific as completed, and the visit here was not. Ask first what happened.",
        ("message", "request_return"),
    ),
    Discrepancy.MISSING: Words(
        "here, missing there",
        "Somebody came with a submission that Prolific does not list: a link that was changed or passed on, or another "
        "study's id in this study's form. Look again; then give the place to somebody else.",
        ("refresh", "release_place"),
    ),
    Discrepancy.NEVER_CAME: Words(
        "there, never came here",
        "Prolific has a submission whose person never opened the link, or opened it without the ids.",
        ("message", "request_return", "refresh"),
    ),
    Discrepancy.TWICE: Words(
        "twice",
        "The person has more than one submission that stands. One is paid; ask them to return the other.",
        ("request_return", "message"),
    ),
    Discrepancy.WRONG_CODE: Words(
        "wrong code",
        "The code that Prolific got is not that of what happened here. Where the visit was completed, approve it.",
        ("approve", "message", "request_return"),
    ),
    Discrepancy.LATE: Words(
        "late",
        "The person finished after the place was given to somebody else. The work counts, and so does the pay.",
        ("complete", "approve"),
    ),
    Discrepancy.REVIEW_DUE: Words(
        "awaiting review for over 14 days",
        "After 21 days Prolific approves by itself. People wait for their money meanwhile.",
        ("approve", "request_return"),
    ),
    Discrepancy.UNKNOWN_STATUS: Words(
        "unknown status",
        "Prolific uses a word that this version does not know. It is kept as it came; look there what it means.",
        ("refresh",),
    ),
    Discrepancy.OTHER_PERSON: Words(
        "another person's",
        "Prolific names another person for this submission than the one who came with it: a link was passed on. Settle "
        "it on Prolific's page; nothing is paid from here.",
        ("refresh",),
    ),
}

REPAIR_WORDS: Final[dict[Repair, str]] = {
    "complete": "Complete it there",
    "approve": "Approve",
    "request_return": "Ask for a return",
    "message": "Write to them",
    "release_place": "Release the place",
    "refresh": "Look again at Prolific",
    "pay_by_hand": "Pay as a bonus",
}
