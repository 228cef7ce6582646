"""What a service refuses: one class a failure, each with a stable code, an HTTP status and a sentence with a way on."""

from collections.abc import Sequence
from typing import ClassVar

from annotations.models import StudyState


class ServiceError(Exception):
    """Base of every refusal. `message` can be shown to the person who asked; nothing was stored or changed."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    sentence: ClassVar[str] = "That is not possible now."

    def __init__(self, message: str = "") -> None:
        self.message = message or self.sentence
        super().__init__(self.message)


class LinkIncomplete(ServiceError):
    """The link lacks one of the three parameters, or one is malformed."""

    code = "link_incomplete"
    status = 400
    sentence = "This link is incomplete. Please open the study again from the page that sent you here."


class StudyNotFound(ServiceError):
    code = "study_not_found"
    status = 404
    sentence = "There is no study at this address. Please check the link that you were given."


class StudyNotOpen(ServiceError):
    """The study takes nobody in (draft, paused, closed), or is closed to work that goes on."""

    code = "study_not_open"
    sentences: ClassVar[dict[str, str]] = {
        StudyState.DRAFT: "This study has not opened yet. Please come back later.",
        StudyState.PAUSED: "This study is paused and takes nobody new at the moment. Please try again later.",
        StudyState.CLOSED: "This study is closed. What you submitted before is kept.",
    }

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(self.sentences[state])


class StageMismatch(ServiceError):
    """A step out of its order, such as finishing before the tasks are done."""

    code = "stage_mismatch"
    sentence = "This step does not come now. Please reload the page to go on where you are."


class AssignmentNotActive(ServiceError):
    code = "assignment_not_active"
    sentence = "This task is not running. Please reload the page to go on where you are."


class TimeIsOver(ServiceError):
    code = "time_is_over"
    sentence = "The time for this task is over. Everything that you submitted in time is kept; please go on."


class TimeIsNotOver(ServiceError):
    """Somebody said that time is up, and the server's clock disagrees."""

    code = "time_is_not_over"
    sentence = "There is still time for this task."


class TooManyPhrases(ServiceError):
    code = "too_many_phrases"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have used all {most} phrases of this task. Please finish it to go on.")


class TooFewPhrases(ServiceError):
    code = "too_few_phrases"

    def __init__(self, least: int) -> None:
        noun = "phrase" if least == 1 else "phrases"
        super().__init__(f"Please submit at least {least} {noun} before you finish this task.")


class PhraseNotScored(ServiceError):
    """Something that needs the phrase's similarities came before its score, or the score failed."""

    code = "phrase_not_scored"
    sentence = "These words have no score yet. Please wait until it is there."


class ThresholdRefused(ServiceError):
    """Not a similarity that divides the images."""

    code = "threshold_refused"
    status = 400
    sentence = "The images cannot be divided there. Please move the handle within the picture."


class ClientUuidReused(ServiceError):
    """One client uuid came with two texts: a fault of the client, never a double click."""

    code = "client_uuid_reused"
    status = 422
    sentence = "This form was already used for another phrase. Please reload the page and submit it again."


class PhraseRefused(ServiceError):
    """The text cannot be scored; `code` on the instance says why."""

    status = 400
    sentences: ClassVar[dict[str, str]] = {
        "phrase_empty": "Please type a phrase first.",
        "phrase_blank": "This phrase has nothing in it that shows. Please type some words.",
        "phrase_too_long": "This phrase is too long. Please use at most 120 characters.",
        "phrase_control_characters": "This phrase has line breaks or control characters. Please type plain words.",
        "phrase_only_punctuation": "This phrase has only punctuation in it. Please type some words.",
    }

    def __init__(self, reason: str) -> None:
        self.code = f"phrase_{reason}"  # type: ignore[misc]  # one class, five codes
        super().__init__(self.sentences[self.code])


class StudyNotReady(ServiceError):
    """Opening was refused; `reasons` lists all that is missing, one sentence each."""

    code = "study_not_ready"

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))
