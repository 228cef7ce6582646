"""Numbers as the admin's pages write them."""

from django import template

from annotations.admin import numbers

register = template.Library()
register.filter("percent", numbers.percent)
register.filter("minutes", numbers.minutes)
register.filter("points", numbers.points)
