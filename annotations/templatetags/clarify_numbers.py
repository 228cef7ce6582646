"""Numbers as the admin's pages write them."""

from django import template

from annotations.admin.common import number_formats

register = template.Library()
register.filter("percent", number_formats.percent)
register.filter("minutes", number_formats.minutes)
register.filter("points", number_formats.points)
