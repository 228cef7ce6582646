"""Django's classes with the type arguments that only their stubs know."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm
else:

    class _TakesTypes:
        def __class_getitem__(cls, types: Any) -> type:
            return cls

    class ModelAdmin(_TakesTypes, admin.ModelAdmin):
        pass

    class ModelForm(_TakesTypes, forms.ModelForm):
        pass
