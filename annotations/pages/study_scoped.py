"""Roles alone decide what the admin shows and takes: no model permission is ever ticked.

A list takes the filters that its page offers, for equality, and no others: Django alone would take any column.

Everybody on the staff has every list, filled with the rows of their studies. A row of another study is not found, so
that nobody learns what exists; an act that a person's role does not have is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.contrib.admin import RelatedFieldListFilter, ShowFacets, TabularInline
from django.contrib.admin.models import LogEntry
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from annotations.log import audit
from annotations.models import Study
from annotations.pages.typed_classes import ModelAdmin
from annotations.staff import roles
from annotations.staff.roles import may_see, study_of, visible

_LARGEST_PART = {"year": 9998, "month": 12, "day": 31}  # Django adds a year to the first and a month to the second
_DIGITS = 4


class OfferedFilters(ModelAdmin[Any]):
    """Refuses each lookup that no link on the list's page makes, and each value that no link can have."""

    actions = None  # what is done to many rows at once takes any value as a row's id

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether the address of the list may hold this filter; a refused one is answered 400."""
        if "\0" in value:  # PostgreSQL would refuse it only when the query runs
            return False
        column, _, part = lookup.rpartition("__")
        if column and column == self.date_hierarchy:
            return part in _LARGEST_PART and _is_within(value, _LARGEST_PART[part])
        return lookup in self._offered(request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """A row is known by its id alone."""
        return to_field == self.opts.pk.name

    def _offered(self, request: HttpRequest | None) -> Iterator[str]:
        entries: Any = self.list_filter if request is None else self.get_list_filter(request)
        for name in (entry if isinstance(entry, str) else entry[0] for entry in entries):
            yield from (name, f"{name}__exact", f"{name}__isnull")
            if isinstance(field_at(self.model, name), ForeignKey):
                yield f"{name}__id__exact"


def field_at(model: type[Model], path: str) -> Any:
    """Return the field at the end of a path of names, as in "assignment__session__study"."""
    field: Any = None
    at: Any = model
    for name in path.split("__"):
        field = at._meta.get_field(name)
        at = field.related_model
    return field


def _is_within(value: str, largest: int) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= _DIGITS and 1 <= int(value) <= largest


class Audited(OfferedFilters):
    """What Django notes in its own history goes into the audit log too, in the same transaction."""

    show_facets = ShowFacets.NEVER

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        _record(request, f"{obj._meta.model_name}_created", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        _record(request, f"{obj._meta.model_name}_changed", obj, what=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for row in queryset:
            _record(request, f"{row._meta.model_name}_deleted", row)
        return super().log_deletions(request, queryset)


class StudyScoped(Audited):
    """A list and a form of rows that belong to a study (`roles.study_path`), or of the library."""

    views: Mapping[str, str] = {}  # further addresses below the list's: of `<name>_view`, by name

    def get_urls(self) -> list[URLPattern]:
        """Add `views`. One whose address begins with <int:pk> is called with the row."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [path(each, self._wrapped(name), name=f"{prefix}_{name}") for name, each in self.views.items()]
        return [*own, *super().get_urls()]

    def _wrapped(self, name: str) -> Callable[..., HttpResponseBase]:
        def view(request: HttpRequest, pk: int | None = None, **more: Any) -> HttpResponseBase:
            row = () if pk is None else (self.get_object(request, str(pk)),)
            answer: HttpResponseBase = getattr(self, f"{name}_view")(request, *row, **more)
            return answer

        return self.admin_site.admin_view(view)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible(super().get_queryset(request), request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row that the person may see; anything else is not found."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.is_staff(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.is_staff(request.user) if obj is None else may_see(request.user, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return roles.is_operator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For a row: of who coordinates its study. For none: of the staff, whose rows are asked for one by one."""
        return roles.is_staff(request.user) if obj is None else _may_coordinate(request, obj)

    has_delete_permission = has_change_permission

    def get_list_filter(self, request: HttpRequest) -> Any:
        """A filter by related rows offers only those that the person may see."""
        return [
            (entry, VisibleRows) if self._is_related(entry) else entry for entry in super().get_list_filter(request)
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **{**_only_visible(db_field, request), **kwargs})

    def _is_related(self, entry: Any) -> bool:
        return isinstance(entry, str) and isinstance(field_at(self.model, entry), ForeignKey)


class ScopedRows(TabularInline):  # type: ignore[type-arg]  # which only the stubs know
    """Rows on the page of a row that they belong to: whoever sees or changes that one sees or changes them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible(super().get_queryset(request), request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._page().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        page = self._page()
        return page.has_add_permission(request) if obj is None else page.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._page().has_change_permission(request, obj)

    has_delete_permission = has_change_permission

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **{**_only_visible(db_field, request), **kwargs})

    def _page(self) -> ModelAdmin[Any]:
        return self.admin_site.get_model_admin(self.parent_model)


class VisibleRows(RelatedFieldListFilter):
    """The sidebar's choices: the related rows that the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[Any]:
        related: Any = field.related_model
        rows = visible(related._default_manager.all(), request.user)
        return [(str(row.pk), str(row)) for row in rows]


def _may_coordinate(request: HttpRequest, row: Model) -> bool:
    study = study_of(row)
    return roles.is_operator(request.user) if study is None else roles.may(request.user, "coordinate", study)


def _only_visible(field: Any, request: HttpRequest) -> dict[str, Any]:
    related: Any = field.related_model
    return {"queryset": visible(related._default_manager.all(), request.user)}


def _record(request: HttpRequest, act: str, row: Model, **detail: Any) -> None:
    study = study_of(row)
    study = study if study is not None and study.pk is not None else None
    audit.record(act[:40], study, by=request.user.get_username(), subject=_name(row)[:80], **detail)


def _name(row: Model) -> str:
    return row.slug if isinstance(row, Study) else str(row)
