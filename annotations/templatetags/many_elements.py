"""What stands on a task page many times over, made here: as nodes of a template it took half of the page's time."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_PICTURE = '<li{}><img src="{}" alt="{}" width="96" height="96" loading="lazy" decoding="async"></li>'
_ENLARGED = (
    '<li{}><a href="{}" data-enlarge data-said="{}">'
    '<img src="{}" alt="{}" width="96" height="96" loading="lazy" decoding="async"></a></li>'
)
_MARKED = mark_safe(' class="is-wrong"')

register = template.Library()


@register.simple_tag
def pictures(shown: Iterable[Any], *, unmarked: bool = False, plain: bool = False) -> SafeString:
    """Return a list of pictures. unmarked: its text does not tell; plain: not to be enlarged."""
    told = [
        (_MARKED if one.is_error and not unmarked else "", one.url, one.name if unmarked else one.description, one)
        for one in shown
    ]
    if plain:
        items = format_html_join("\n", _PICTURE, ((mark, url, text) for mark, url, text, _ in told))
    else:
        items = format_html_join("\n", _ENLARGED, ((mark, url, one.said, url, text) for mark, url, text, one in told))
    return format_html('<ul class="pictures">{}</ul>', items)


@register.filter
def spaced(numbers: Sequence[int]) -> str:
    """Return integers with spaces between them."""
    return " ".join(map(str, numbers))
