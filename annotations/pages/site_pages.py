"""Pages of the admin that are not Django's: what every template needs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.pages.terms import Definitions


def show_site_page(request: HttpRequest, template: str, title: str, status: int = 0, **context: Any) -> HttpResponse:
    """Answer with a template of the admin: 400 where its form holds errors, unless a status is given."""
    has_errors = getattr(context.get("form"), "errors", None)
    given = {**admin.site.each_context(request), "title": title, "definitions": Definitions(), **context}
    return render(request, f"admin/{template}.html", given, status=status or (400 if has_errors else 200))
