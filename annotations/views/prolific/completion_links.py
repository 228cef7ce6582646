"""The way back to where a person came from."""

from urllib.parse import quote

from annotations.models import AnnotationSession


def return_url(session: AnnotationSession, code: str) -> str:
    """Return the study's completion address with a code in it; empty without a code, an address or who waits there."""
    address = session.study.completion_url
    if not code or not address or not session.leads_back:
        return ""
    return address.replace("{code}", quote(code, safe=""))
