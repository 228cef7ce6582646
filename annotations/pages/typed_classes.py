"""Django's forms and admin classes as the staff's pages use them: composed, and with types as their arguments."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

from annotations.pages.composed_forms import Composed


class Form(Composed, forms.Form):
    """A form of no row."""


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm
else:

    class _TakesTypes:
        def __class_getitem__(cls, types: Any) -> type:
            return cls

    class ModelForm(_TakesTypes, Composed, forms.ModelForm):
        pass

    class ModelAdmin(_TakesTypes, admin.ModelAdmin):
        form = ModelForm
