"""Files that pages of the admin hand out, which says to every cache that nothing of it is kept."""

from django.http import HttpResponse


def csv_answer(text: str, name: str) -> HttpResponse:
    """Return an answer that the browser saves as a file. name: of letters, digits, "-", "_" and "."."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})
