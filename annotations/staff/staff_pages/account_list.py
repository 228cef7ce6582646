"""The staff's accounts, for operators. What an account may do follows from its roles in studies alone."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest

from annotations.pages.composed_forms import Composed
from annotations.pages.study_scoped import Audited
from annotations.staff import roles

_WHO = (
    "Who is on the staff signs in here and sees the studies in which they have a role. A superuser is an operator, who "
    "sees and runs every study."
)


class AccountForm(Composed, UserChangeForm):  # type: ignore[type-arg]  # only its stub takes one
    """An account that is there."""


class NewAccountForm(Composed, AdminUserCreationForm):  # type: ignore[type-arg]  # only its stub takes one
    """A new account."""


@admin.register(User)
class AccountAdmin(Audited, UserAdmin):  # type: ignore[type-arg]  # only its stub takes one
    form, add_form = AccountForm, NewAccountForm
    list_display = ("username", "is_staff", "is_superuser", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("username",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        (None, {"fields": ("is_active", "is_staff", "is_superuser", "last_login"), "description": _WHO}),
    )
    readonly_fields = ("last_login",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Whoever gets an account here is on the staff: participants have none."""
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    def has_module_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.is_operator(request.user)

    has_view_permission = has_add_permission = has_change_permission = has_delete_permission = has_module_permission
