"""Numbers as the admin's pages write them."""

from django import template

from annotations.pages import number_formats
from annotations.results.staff_pages import results_words
from clarify_errors.arrays.embeddings.duplicate_limits import COPIES_ABOVE

register = template.Library()
register.filter("percent", number_formats.percent)
register.filter("minutes", number_formats.minutes)
register.filter("score", number_formats.score)
register.filter("points", number_formats.points)
register.filter("points_within", number_formats.points_within)
register.filter("p_value", number_formats.p_value)
register.filter("measured", results_words.number)
for each in ("measure_name", "whose", "beside", "difference", "interval"):
    register.filter(each, getattr(results_words, each))


@register.filter
def is_of_copies(limit: float) -> bool:
    """Return whether a limit of near-duplicates is the highest, above which there are copies alone."""
    return limit >= COPIES_ABOVE
