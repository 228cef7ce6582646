"""What a service refuses: one class a failure, each with a stable code, an HTTP status and a sentence with a way on.

Here stands what participants are refused, whose sentences are read and translated together (refusals.toml), and what
the staff is refused. What programs tell apart of one service alone stands beside that service.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotations.base.word_files import read_words

if TYPE_CHECKING:
    from annotations.models import AnnotationSession

_UNITS_S = {"minutes": 60, "hours": 3600}
_WORDS: dict[str, dict[str, str]] = read_words(__package__, "refusals")


class ServiceError(Exception):
    """Base of every refusal. `message` can be shown to the person who asked; nothing was stored or changed.

    A subclass's code is its name, as in study_not_found, unless it says another; programs know it. Its heading and its
    sentence are those of its code in refusals.toml, or its own.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    heading: ClassVar[str | Promise] = _("That is not possible now")  # of the page that shows it
    sentence: ClassVar[str | Promise] = _("That is not possible now.")

    def __init_subclass__(cls, status: int | None = None) -> None:
        if "code" not in vars(cls):
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.status = status or cls.status
        for name, words in _WORDS.get(cls.code, {}).items():
            setattr(cls, name, _(words))

    def __init__(self, message: str = "") -> None:
        self.message = message or str(self.sentence)  # in the language of who asked
        super().__init__(self.message)

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's head says besides, such as when to try again."""
        return {}


class NotPossible(ServiceError):
    """The staff, or a command, asked for what cannot be done, or not now: the sentence says why, and what to do.

    One class for all of these, since nobody tells them apart but by their sentence.
    """


@contextmanager
def only_valid(sentence: str = "{}", *, names_fields: bool = False) -> Iterator[None]:
    """Refuse what the validation in the block finds wrong: `sentence`, with what it says in place of {}.

    names_fields: also say of which field each is, for values that came from no form. Raises NotPossible.
    """
    try:
        yield
    except ValidationError as error:
        said = error.messages
        if names_fields:
            said = [f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()]
        raise NotPossible(sentence.format(" ".join(said))) from error


class TryAgainLater(ServiceError, status=429):
    """Refused for now alone. `retry_after_s`: whole seconds to wait, which the sentence may give in other units."""

    def __init__(self, retry_after_s: int, message: str = "") -> None:
        self.retry_after_s = retry_after_s
        # Two at least: a plural in every language.
        wait = {name: max(2, math.ceil(retry_after_s / unit_s)) for name, unit_s in _UNITS_S.items()}
        super().__init__(message or str(self.sentence) % wait)

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_s)}


class LinkIncomplete(ServiceError, status=400):
    """The link lacks one of the three parameters, or one is malformed."""


class StudyNotFound(ServiceError, status=404):
    """No study has this address."""


class StudyNotOpen(ServiceError):
    """The study takes nobody in (draft, paused, closed), or is closed to work that goes on."""

    words: ClassVar[dict[str, tuple[Promise, Promise]]] = {
        "draft": (
            _("This study has not opened yet"),
            _("This study has not opened yet. Please come back later."),
        ),
        "paused": (
            _("This study is paused"),
            _("This study is paused and takes nobody new at the moment. Please try again later."),
        ),
        "closed": (_("This study is closed"), _("This study is closed. What you submitted before is kept.")),
    }

    def __init__(self, state: str) -> None:
        self.state = state
        self.heading, sentence = self.words[state]  # type: ignore[misc]  # one class, three headings
        super().__init__(str(sentence))


class StudyForExperts(ServiceError, status=403):
    """The participants' link of a study whose people are logged in here."""


class StageMismatch(ServiceError):
    """A step out of its order, such as finishing before the tasks are done."""


class SkippedWithoutReason(ServiceError, status=400):
    """An expert skips a class and does not say why."""


class TextTooLong(ServiceError, status=400):
    """An answer or a note is longer than what is stored of one: nothing of it was.

    questions: the numbers of the questions whose answers are too long; none for a note.
    """

    def __init__(self, most: int, questions: Sequence[int] = ()) -> None:
        self.questions = tuple(questions)
        super().__init__(_("This text is too long. Please use at most %(most)d characters.") % {"most": most})


class PracticeNotDone(ServiceError):
    """The tutorial was left before anything was tried in it."""


class CheckIncomplete(ServiceError, status=400):
    """A question of the check has no answer; this is not counted as a try."""


class CheckUnchanged(ServiceError, status=400):
    """The answers of the check are those of the try before, which were not all right; this is not counted as a try."""


class CheckFailedBefore(ServiceError):
    """The person did not pass the check in an earlier visit to this study; a new start does not undo that."""


class NotLetInAgain(ServiceError):
    """The person was here in an earlier submission, and the study lets nobody in twice."""


class AlreadyDone(ServiceError):
    """The person completed the study in an earlier submission."""

    def __init__(self, completed: "AnnotationSession") -> None:
        self.completed = completed
        super().__init__()


class StudyFull(ServiceError):
    """Every place of the study's quota is taken."""


class PlacesHeld(TryAgainLater, status=409):
    """People whom nobody vouches for hold as many of the open places as they may at once."""


class TooManyFromNetwork(TryAgainLater):
    """As many people as may have started the study today from this network, without proof of where they come from."""


class Withdrawn(ServiceError, status=410):
    """The link of somebody who withdrew: it starts nothing new."""


class ResumeCodeNeeded(ServiceError, status=403):
    """The visit goes on in another browser than where it began, and nothing proves that it is the same person."""

    is_about_code = False  # whether a code was typed, and is refused


class ResumeCodeWrong(ResumeCodeNeeded):
    """The code that was typed is another one."""

    is_about_code = True


class InvitationInvalid(ServiceError, status=403):
    """No invitation to this study has the link's token, or it was revoked."""


class InvitationUsed(ResumeCodeNeeded):
    """The invitation let somebody in already, in another browser."""


class TooManyResumeCodes(TryAgainLater):
    """More codes were tried than anybody mistypes."""

    is_about_code = True


class EntryNotVerified(ServiceError, status=403):
    """The study takes only people whom Prolific surely sent, or the link's proof is another person's."""


class AssignmentNotActive(ServiceError):
    """The task has not begun, or has ended."""


class TimeIsOver(ServiceError):
    """Something came after the deadline of its task."""


class TimeIsNotOver(ServiceError):
    """Somebody said that time is up, and the server's clock disagrees."""


class TooManyPhrases(ServiceError):
    def __init__(self, most: int) -> None:
        sentence = ngettext(
            "You have used the one phrase of this task. Please finish it to go on.",
            "You have used all %(n)d phrases of this task. Please finish it to go on.",
            most,
        )
        super().__init__(sentence % {"n": most})


class TooFewPhrases(ServiceError):
    def __init__(self, least: int) -> None:
        sentence = ngettext(
            "Please submit at least %(n)d phrase before you finish this task.",
            "Please submit at least %(n)d phrases before you finish this task.",
            least,
        )
        super().__init__(sentence % {"n": least})


class PhraseNotScored(ServiceError):
    """Something that needs the phrase's similarities came before its score, or the score failed."""


class ThresholdRefused(ServiceError, status=400):
    """Not a similarity that divides the images."""


class ClientUuidReused(ServiceError, status=422):
    """One client uuid came with two texts: a fault of the client, or two buttons of a form that has no script."""


class PhraseRefused(ServiceError, status=400):
    """The text cannot be scored; `code` on the instance says why."""

    sentences: ClassVar[dict[str, Promise]] = {
        "phrase_empty": _("Please type a phrase first."),
        "phrase_blank": _("This phrase has nothing in it that shows. Please type some words."),
        "phrase_too_long": _("This phrase is too long. Please use at most 120 characters."),
        "phrase_control_characters": _("This phrase has line breaks or control characters. Please type plain words."),
        "phrase_only_punctuation": _("This phrase has only punctuation in it. Please type some words."),
    }

    def __init__(self, reason: str) -> None:
        self.code = f"phrase_{reason}"  # type: ignore[misc]  # one class, five codes
        super().__init__(str(self.sentences[self.code]))


class WordsInDoubt(ServiceError, status=400):
    """No word list has a word of the phrase, so its person is asked whether it is meant so.

    nearest: the word of a list that it may be a typing error of, if there is one.
    """

    def __init__(self, text: str, nearest: str) -> None:
        self.text, self.nearest = text, [nearest] if nearest else []
        said = _("Not checked yet: we may not know “%(text)s”. If it is spelled right, press Check once more.")
        super().__init__(said % {"text": text})


class StudyNotReady(ServiceError):
    """Opening was refused; `reasons` lists all that is missing, one sentence each."""

    heading = "This study cannot be tried yet"

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


class IdentityDestroyed(ServiceError, status=410):
    """The key that tied a pseudonym to its person is gone, and with it all that it sealed."""

    sentence = "The identity of this person has been erased. The remaining data are stored under the pseudonym only."


class IdentityUnreadable(ServiceError, status=500):
    """What was sealed was sealed under another IDENTITY_KEYS."""

    sentence = (
        "This server’s IDENTITY_KEYS cannot decrypt what is sealed here. Ask the operator to add the earlier key."
    )


class TooFast(TryAgainLater):
    """A participant sent more phrases than anybody can type."""


class BudgetSpent(ServiceError, status=429):
    """A visit's browser sent more than any honest visit does, so no more of that kind is stored."""


class NoProlificToken(ServiceError):
    """The act needs Prolific's API, and this site has no token for it."""

    sentence = (
        "This site has no Prolific token, so it cannot send this request. Do it on Prolific’s submissions "
        "page, then import Prolific’s file here."
    )


class FileRefused(ServiceError, status=400):
    """A file cannot be taken in; nothing of it was. `problems` names what is wrong, by line, at most 20."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))
