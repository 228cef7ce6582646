"""Text in a Markdown file."""

import re

from django import template

register = template.Library()
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")


@register.filter
def plain(text: str) -> str:
    """Text that Markdown shows as it is: people typed it."""
    return _MARKUP.sub(r"\\\1", text)
