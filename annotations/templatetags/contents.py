"""The list of a long page's parts, made from the headings that they have."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_PART = re.compile(r'<\w+ (?=[^>]*class="figure")[^>]*\bid="([^"]+)"[^>]*>\s*(?:<figcaption>\s*)?<h2>(.*?)</h2>', re.S)


@register.simple_block_tag
def contents(content: str) -> SafeString:
    """Return parts of a page below a folded list of links to each figure that has an id and a heading.

    Without any the list is there and hidden, so that a page that follows the study finds its place.
    """
    parts = [(anchor, mark_safe(heading)) for anchor, heading in _PART.findall(content)]  # noqa: S308 - as the page has it
    links = format_html_join("\n", '<li><a href="#{}">{}</a></li>', parts)
    is_hidden = "" if parts else " hidden"
    return format_html(
        '<nav id="results-contents" class="study-pages" aria-label="On this page"{}>'
        "<details><summary>On this page</summary><ul>{}</ul></details></nav>\n{}",
        is_hidden,
        links,
        content,
    )
