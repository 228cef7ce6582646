"""Resume codes: a visit's pages show one, and with it the visit goes on in another browser."""

from django.utils.crypto import constant_time_compare, salted_hmac

from annotations.models import AnnotationSession

LENGTH = 8
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none of them looks like another
_LOOKS_LIKE = str.maketrans("OIL", "011")


def resume_code(session: AnnotationSession) -> str:
    """Return the visit's code, such as 7K3M-0QZD: 40 bits, made with the site's SECRET_KEY and stored nowhere."""
    digest = salted_hmac("clarify.resume", str(session.public_id), algorithm="sha256").digest()
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:LENGTH])
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def is_resume_code(session: AnnotationSession, typed: str) -> bool:
    """Whether somebody typed the visit's code; case, blanks, dashes, O for 0, I and L for 1 are all the same."""
    letters = "".join(typed.split()).replace("-", "").upper().translate(_LOOKS_LIKE)
    return constant_time_compare(letters, resume_code(session).replace("-", ""))
