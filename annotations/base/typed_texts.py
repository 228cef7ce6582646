"""What people type into a field that no form checks: kept whole, or refused."""

from annotations.base.service_errors import TextTooLong
from clarify_errors.arrays.common.safe_text import TooLong, compose_within


def kept(typed: str, most: int) -> str:
    """Return a text as it is stored: composed, without outer white space, and a line break is one character.

    Browsers count line breaks so too, but send each as two. Raises TextTooLong above `most` characters, and UnsafeText
    for what no request brings in.
    """
    try:
        return compose_within(typed.replace("\r\n", "\n").strip(), most)
    except TooLong as error:
        raise TextTooLong(error.most) from error
