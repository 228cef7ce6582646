"""The way back to where a person came from."""

from urllib.parse import quote

from annotations.models import Study


def return_url(study: Study, code: str) -> str:
    """Return the study's completion address with a code in it; empty where there is no code or no address."""
    if not code or not study.completion_url:
        return ""
    return study.completion_url.replace("{code}", quote(code, safe=""))
