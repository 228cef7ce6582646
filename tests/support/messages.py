"""Keeps the translations of the participants' pages: `make messages` reads all texts, updates each language's
catalogue (annotations/locale/<language>/LC_MESSAGES/django.po) and compiles it. It needs Babel, and no gettext tools.

A text that is new is left empty, one that changed is marked as fuzzy: both are the translator's work, and a test fails
until it is done. A text that is nowhere any more is dropped.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from clarify_site.home import ROOT

LOCALE = ROOT / "annotations" / "locale"
LANGUAGES = ("de",)
TEMPLATES = ROOT / "annotations" / "templates" / "annotations"  # the admin's own are for staff, in English
MODULES = (ROOT / "annotations",)
_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_HEADER = "# Texts of the participants' pages. `make messages` updates this file; write between the quotes of msgstr."

Message = tuple[str, Any, str | None]  # where it is, the text or its singular and plural, its context


def main() -> int:
    """Update and compile every catalogue; 1 where texts wait for their translation."""
    waiting = 0
    for language in LANGUAGES:
        catalogue = updated(language)
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        path_of(language).write_bytes(written(catalogue))
        path_of(language, "mo").write_bytes(compiled(catalogue))
        left = untranslated(catalogue)
        print(f"{language}: {len(catalogue)} texts, {len(left)} to translate.")
        waiting += len(left)
    return 1 if waiting else 0


def path_of(language: str, suffix: str = "po") -> Path:
    """Where a language's catalogue lies, as text (po) or compiled (mo)."""
    return LOCALE / language / "LC_MESSAGES" / f"django.{suffix}"


def stored(language: str) -> Catalog:
    """The catalogue as it lies in the tree."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """The stored catalogue with exactly the texts that the pages have now."""
    template = Catalog(fuzzy=False)
    for where, text, context in sorted(messages(), key=lambda message: message[0]):
        template.add(text, locations=[(where, 0)], context=context)
    catalogue = stored(language) if path_of(language).exists() else Catalog(locale=language)
    catalogue.update(template)
    catalogue.obsolete.clear()
    catalogue.header_comment = _HEADER
    catalogue.fuzzy = False
    return catalogue


def messages() -> Iterator[Message]:
    """Every text that is marked for translation, from templates and from Python."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        # What is left of a template are calls of gettext amid X's; their indentation means nothing.
        source = re.sub(r"^[^\S\n]+", "", templatize(path.read_text("utf-8")), flags=re.MULTILINE)
        yield from _of(path, source)
    for folder in MODULES:
        for path in sorted(folder.rglob("*.py")):
            yield from _of(path, path.read_text("utf-8"))


def untranslated(catalogue: Catalog) -> list[str]:
    """The texts without a translation, or with one that has to be looked at again."""
    return [
        str(message.id) for message in catalogue if message.id and (message.fuzzy or not all(_forms(message.string)))
    ]


def written(catalogue: Catalog) -> bytes:
    """The catalogue as a .po file: the same texts, the same bytes."""
    file = io.BytesIO()
    write_po(file, catalogue, width=120, omit_header=False, include_lineno=False, sort_by_file=False)
    # The time of making would change the file each time; nobody reads it.
    dates = re.compile(rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To): .*\n', re.MULTILINE)
    return dates.sub(b"", file.getvalue())


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as a .mo file, as gettext reads it."""
    plain = read_po(io.BytesIO(written(catalogue)), locale=catalogue.locale)
    plain.creation_date = plain.revision_date = datetime.fromtimestamp(0, UTC)  # the same texts, the same bytes
    file = io.BytesIO()
    write_mo(file, plain)
    return file.getvalue()


def _of(path: Path, source: str) -> Iterator[Message]:
    where = path.relative_to(ROOT).as_posix()
    for _, text, _, context in extract("python", io.BytesIO(source.encode()), keywords=_KEYWORDS):
        yield where, text, context


def _forms(string: Any) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, tuple | list) else (string,)


if __name__ == "__main__":
    sys.exit(main())
