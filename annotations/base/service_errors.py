"""What a service refuses: one class a failure, each with a stable code, an HTTP status and a sentence with a way on.

`make messages` collects the sentences for participants, which are marked with _(); the staff read English. A refusal
that programs tell apart for one service alone stands beside that service.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from annotations.models import AnnotationSession

_UNITS_S = {"minutes": 60, "hours": 3600}


class ServiceError(Exception):
    """Base of every refusal. `message` can be shown to the person who asked; nothing was stored or changed.

    Each subclass gives its own `code`, which programs know. Its status, heading and sentence are those of its base
    unless it gives others.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    heading: ClassVar[str | Promise] = _("That is not possible now")  # of the page that shows it
    sentence: ClassVar[str | Promise] = _("That is not possible now.")

    def __init_subclass__(cls, *, code: str, status: int | None = None) -> None:
        cls.code, cls.status = code, status or cls.status

    def __init__(self, message: str = "") -> None:
        self.message = message or str(self.sentence)  # in the language of who asked
        super().__init__(self.message)

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's head says besides, such as when to try again."""
        return {}


class NotPossible(ServiceError, code="not_possible"):
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


class TryAgainLater(ServiceError, code="try_again_later", status=429):
    """Refused for now alone. `retry_after_s`: whole seconds to wait, which the sentence may give in other units."""

    def __init__(self, retry_after_s: int, message: str = "") -> None:
        self.retry_after_s = retry_after_s
        # Two at least: a plural in every language.
        wait = {name: max(2, math.ceil(retry_after_s / unit_s)) for name, unit_s in _UNITS_S.items()}
        super().__init__(message or str(self.sentence) % wait)

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_s)}


class LinkIncomplete(ServiceError, code="link_incomplete", status=400):
    """The link lacks one of the three parameters, or one is malformed."""

    heading = _("This link does not work")
    sentence = _("This link is incomplete. Please open the study again where you found it, or ask for a new link.")


class StudyNotFound(ServiceError, code="study_not_found", status=404):
    """No study has this address."""

    heading = _("There is no such study")
    sentence = _("There is no study at this address. Please check the link that you were given.")


class StudyNotOpen(ServiceError, code="study_not_open"):
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


class StudyForExperts(ServiceError, code="study_for_experts", status=403):
    """The participants' link of a study whose people are logged in here."""

    heading = _("This study is not open to you")
    sentence = _(
        "This study is not open to you: it is for experts, who work on it from their own account here. If you came "
        "from Prolific, please return it there. That is not a rejection, and has no disadvantage for you."
    )


class StageMismatch(ServiceError, code="stage_mismatch"):
    """A step out of its order, such as finishing before the tasks are done."""

    heading = _("This step does not come now")
    sentence = _("This step does not come now. Please reload the page to go on where you are.")


class SkippedWithoutReason(ServiceError, code="skipped_without_reason", status=400):
    """An expert skips a class and does not say why."""

    sentence = _("Please write in your notes why you skip this class.")


class TextTooLong(ServiceError, code="text_too_long", status=400):
    """An answer or a note is longer than what is stored of one: nothing of it was.

    questions: the numbers of the questions whose answers are too long; none for a note.
    """

    def __init__(self, most: int, questions: Sequence[int] = ()) -> None:
        self.questions = tuple(questions)
        super().__init__(_("This text is too long. Please use at most %(most)d characters.") % {"most": most})


class PracticeNotDone(ServiceError, code="practice_not_done"):
    """The tutorial was left before anything was tried in it."""

    heading = _("The example comes first")
    sentence = _("Please do the example first. It shows how your words are scored.")


class CheckIncomplete(ServiceError, code="check_incomplete", status=400):
    """A question of the check has no answer; this is not counted as a try."""

    sentence = _("Please answer every question.")


class CheckUnchanged(ServiceError, code="check_unchanged", status=400):
    """The answers of the check are those of the try before, which were not all right; this is not counted as a try."""

    sentence = _("You did not change an answer, so this was no try. Please change what is not right yet.")


class CheckFailedBefore(ServiceError, code="check_failed_before"):
    """The person did not pass the check in an earlier visit to this study; a new start does not undo that."""

    heading = _("This study has ended for you")
    sentence = _(
        "You were here before, and the study ended for you after the three questions. Please return it where you found "
        "it. That is not a rejection, and has no disadvantage for you."
    )


class NotLetInAgain(ServiceError, code="not_let_in_again"):
    """The person was here in an earlier submission, and the study lets nobody in twice."""

    heading = _("You were here before")
    sentence = _(
        "You began this study before, and it can be taken only once. Please return it where you found it. That is not "
        "a rejection, and has no disadvantage for you."
    )


class AlreadyDone(ServiceError, code="already_done"):
    """The person completed the study in an earlier submission."""

    heading = _("You were here before")
    sentence = _(
        "You did this study before, and each person can do it once. We kept all that you did. Please return this new "
        "one where you found it. That does not touch the first."
    )

    def __init__(self, completed: "AnnotationSession") -> None:
        self.completed = completed
        super().__init__()


class StudyFull(ServiceError, code="study_full"):
    """Every place of the study's quota is taken."""

    heading = _("All places are taken")
    sentence = _(
        "All places in this study are taken at the moment. Please return it where you found it. That is not a "
        "rejection, and has no disadvantage for you."
    )


class PlacesHeld(TryAgainLater, code="places_held", status=409):
    """People whom nobody vouches for hold as many of the open places as they may at once."""

    heading = _("Please wait a few minutes")
    sentence = _(
        "Only a few people can be in this study at once by a link like yours, so that no program can take all places. "
        "Other people hold these places now. Please wait on this page, and go on with the button in %(minutes)d "
        "minutes. You can also try before. Nothing is lost meanwhile."
    )


class TooManyFromNetwork(TryAgainLater, code="too_many_from_network"):
    """As many people as may have started the study today from this network, without proof of where they come from."""

    heading = _("Nobody new from this connection today")
    sentence = _(
        "By a link like yours, only a few people can start this study from one network in a day. Your network has "
        "reached that number. Please use the one of your phone, or come back in %(hours)d hours. You can also ask "
        "those who sent you the link for an invitation. If you came from Prolific and can do nothing of this, please "
        "return the study there. That is not a rejection, and has no disadvantage for you."
    )


class Withdrawn(ServiceError, code="withdrawn", status=410):
    """The link of somebody who withdrew: it starts nothing new."""

    heading = _("You have withdrawn")
    sentence = _(
        "You withdrew from this study, and what you did in it is deleted. So you cannot start it again. If you had not "
        "finished it, please return it where you found it. It is not paid then. That is not a rejection."
    )


class ResumeCodeNeeded(ServiceError, code="resume_code_needed", status=403):
    """The visit goes on in another browser than where it began, and nothing proves that it is the same person."""

    sentence = _(
        "Someone began this study with this link in another browser. To go on here, please type the visit code. It "
        "stands at the foot of the pages there."
    )

    is_about_code = False  # whether a code was typed, and is refused


class ResumeCodeWrong(ResumeCodeNeeded, code="resume_code_wrong"):
    """The code that was typed is another one."""

    sentence = _(
        "This visit code is not right. Please look again at the foot of the pages in the browser where you began."
    )

    is_about_code = True


class InvitationInvalid(ServiceError, code="invitation_invalid", status=403):
    """No invitation to this study has the link's token, or it was revoked."""

    heading = _("This invitation is not valid")
    sentence = _(
        "This invitation is not valid, or is not valid any more. Please check that you have the whole link, or ask "
        "those who sent it for a new one."
    )


class InvitationUsed(ResumeCodeNeeded, code="invitation_used"):
    """The invitation let somebody in already, in another browser."""

    sentence = _(
        "This invitation was used already, and each one is for one person. If that was you, please type the visit "
        "code. It stands at the foot of the pages in the browser where you began. If it was not you, please ask those "
        "who sent the link for a new one."
    )


class TooManyResumeCodes(TryAgainLater, code="too_many_resume_codes"):
    """More codes were tried than anybody mistypes."""

    sentence = _("Too many visit codes were tried. Please wait ten minutes, then type yours once more.")

    is_about_code = True


class EntryNotVerified(ServiceError, code="entry_not_verified", status=403):
    """The study takes only people whom Prolific surely sent, or the link's proof is another person's."""

    heading = _("We could not confirm this link")
    sentence = _(
        "We could not confirm that this link was made for you. Please open the study again from Prolific, with the "
        "button there."
    )


class AssignmentNotActive(ServiceError, code="assignment_not_active"):
    """The task has not begun, or has ended."""

    heading = _("These images are not open now")
    sentence = _("This task is not running. Please reload the page to go on where you are.")


class TimeIsOver(ServiceError, code="time_is_over"):
    """Something came after the deadline of its task."""

    heading = _("Time is over for these images")
    sentence = _("The time for this task is over. Everything that you submitted in time is kept; please go on.")


class TimeIsNotOver(ServiceError, code="time_is_not_over"):
    """Somebody said that time is up, and the server's clock disagrees."""

    sentence = _("There is still time for this task.")


class TooManyPhrases(ServiceError, code="too_many_phrases"):
    def __init__(self, most: int) -> None:
        sentence = ngettext(
            "You have used the one phrase of this task. Please finish it to go on.",
            "You have used all %(n)d phrases of this task. Please finish it to go on.",
            most,
        )
        super().__init__(sentence % {"n": most})


class TooFewPhrases(ServiceError, code="too_few_phrases"):
    heading = _("Not done yet")

    def __init__(self, least: int) -> None:
        sentence = ngettext(
            "Please submit at least %(n)d phrase before you finish this task.",
            "Please submit at least %(n)d phrases before you finish this task.",
            least,
        )
        super().__init__(sentence % {"n": least})


class PhraseNotScored(ServiceError, code="phrase_not_scored"):
    """Something that needs the phrase's similarities came before its score, or the score failed."""

    sentence = _("These words have no score yet. Please wait until it is there.")


class ThresholdRefused(ServiceError, code="threshold_refused", status=400):
    """Not a similarity that divides the images."""

    sentence = _("The images cannot be split there. Please keep the handle in the picture.")


class ClientUuidReused(ServiceError, code="client_uuid_reused", status=422):
    """One client uuid came with two texts: a fault of the client, or two buttons of a form that has no script."""

    heading = _("Please send that again")
    sentence = _(
        "Something else was sent from this page just before, and is kept. Please load the page again, and send this "
        "once more."
    )


class PhraseRefused(ServiceError, code="phrase_refused", status=400):
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


class WordsInDoubt(ServiceError, code="words_in_doubt", status=400):
    """No word list has a word of the phrase, so its person is asked whether it is meant so.

    nearest: the word of a list that it may be a typing error of, if there is one. is_foreign: a list has it, but in the
    language of the person's page it is a common word that means something else.
    """

    def __init__(self, text: str, nearest: str = "", *, is_foreign: bool = False) -> None:
        self.text, self.nearest = text, [nearest] if nearest else []
        said = _("Not checked yet: we may not know “%(text)s”. If it is spelled right, press Check once more.")
        if is_foreign:
            said = _("Not checked yet: please write in English. If “%(text)s” is English here, press Check once more.")
        super().__init__(said % {"text": text})


class StudyNotReady(ServiceError, code="study_not_ready"):
    """Opening was refused; `reasons` lists all that is missing, one sentence each."""

    heading = "This study cannot be tried yet"

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


class IdentityDestroyed(ServiceError, code="identity_destroyed", status=410):
    """The key that tied a pseudonym to its person is gone, and with it all that it sealed."""

    sentence = "The identity of this person has been erased. The remaining data are stored under the pseudonym only."


class IdentityUnreadable(ServiceError, code="identity_unreadable", status=500):
    """What was sealed was sealed under another IDENTITY_KEYS."""

    sentence = (
        "This server’s IDENTITY_KEYS cannot decrypt what is sealed here. Ask the operator to add the earlier key."
    )


class TooFast(TryAgainLater, code="too_fast"):
    """A participant sent more phrases than anybody can type."""

    sentence = _("That was very fast. Please wait a moment and submit your phrase again.")


class BudgetSpent(ServiceError, code="budget_spent", status=429):
    """A visit's browser sent more than any honest visit does, so no more of that kind is stored."""

    heading = _("Too many requests")
    sentence = _(
        "This page was loaded, or sent something, far more often than the study needs, so it takes no more of that. "
        "What you did before is kept."
    )


class NoProlificToken(ServiceError, code="no_prolific_token"):
    """The act needs Prolific's API, and this site has no token for it."""

    sentence = (
        "This site has no Prolific token, so it cannot send this request. Do it on Prolific’s submissions "
        "page, then import Prolific’s file here."
    )


class FileRefused(ServiceError, code="file_refused", status=400):
    """A file cannot be taken in; nothing of it was. `problems` names what is wrong, by line, at most 20."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))
