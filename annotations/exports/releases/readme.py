"""README.txt of an export: what is in it, in plain words."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.template.loader import render_to_string

from annotations.models import Study
from annotations.tables.columns import Table


def readme(study: Study, tables: Iterable[Table[Any]], left_out: Sequence[str] | None = None) -> str:
    """Return the text, with one line per table. left_out: of the lowest tables; None where these are not there."""
    title = f"Clarify: export of the study “{study.title}” ({study.slug})"
    context = {
        "study": study,
        "title": title,
        "underline": "=" * len(title),
        "tables": list(tables),
        "is_whole": left_out is not None,
        "left_out": left_out,
    }
    return render_to_string("annotations/files/release_readme.txt", context)
