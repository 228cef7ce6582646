"""What people type into a field of several lines: kept whole, or refused."""

from annotations.base.service_errors import TextTooLong
from annotations.models.end_questions import MAX_ANSWER_LENGTH
from clarify_errors.arrays.common.safe_text import TooLong, compose_within

MAX_LENGTH = MAX_ANSWER_LENGTH  # characters, of a note too


def kept(typed: str) -> str:
    """Return a text as it is stored: composed, without outer white space, and a line break is one character.

    Browsers count line breaks so too, but send each as two. Raises TextTooLong above MAX_LENGTH, and UnsafeText for
    what no request brings in.
    """
    try:
        return compose_within(typed.replace("\r\n", "\n").strip(), MAX_LENGTH)
    except TooLong as error:
        raise TextTooLong(error.most) from error
