"""Definitions of terms, where a page first uses them; `show_site_page` has what it has defined so far."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.text import slugify

register = template.Library()


@register.simple_tag(takes_context=True)
def define(context: dict[str, Any], text: str) -> str:
    """Return a text with the definitions of the terms in it that the page has not used before."""
    told: str = context["definitions"].added_to(text)
    return told


@register.simple_tag(takes_context=True)
def definition(context: dict[str, Any], term: str) -> str:
    """Return the definition of a term alone, for a text that stands in the template; nothing if it was given before."""
    return define(context, term).removeprefix(term).lstrip()


@register.simple_tag(takes_context=True)
def note(context: dict[str, Any], term: str) -> str:
    """Return a button that shows the definition of a term beside it; nothing if it was given before."""
    text = definition(context, term)
    button = '<button type="button" class="note" popovertarget="note-{0}" aria-label="What is “{1}”?">?</button>'
    return format_html(button + '<span popover id="note-{0}">{2}</span>', slugify(term), term, text) if text else ""
