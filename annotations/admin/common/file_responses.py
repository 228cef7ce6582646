"""Files that pages of the admin hand out; the admin says to every cache that nothing of its answers is kept."""

from django.http import HttpResponse

CSV, SVG, JSON, ZIP = "text/csv; charset=utf-8", "image/svg+xml", "application/json", "application/zip"


def file_answer(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    """Return an answer that the browser saves as a file. name: of letters, digits, "-", "_" and "."."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})
