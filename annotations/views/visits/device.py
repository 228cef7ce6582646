"""What the welcome page's script found out about the device, in the hidden fields of its form."""

from django import forms
from django.http import QueryDict

from annotations.services.visits.device_reports import Device

DEVICE_FIELDS = ("script", "images", "touch", "width", "height", "ratio", "milliseconds")
_LARGEST_SCREEN = 100_000


class DeviceForm(forms.Form):
    """Every field may be missing or nonsense: the report says less then, and nobody is kept out."""

    client_uuid = forms.UUIDField(required=False)
    images = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)
    touch = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)
    width = forms.IntegerField(min_value=1, max_value=_LARGEST_SCREEN, required=False)
    height = forms.IntegerField(min_value=1, max_value=_LARGEST_SCREEN, required=False)
    ratio = forms.FloatField(min_value=0.1, max_value=100, required=False)
    milliseconds = forms.IntegerField(min_value=0, max_value=600_000, required=False)


def reported(given: QueryDict) -> Device:
    """Return the report in a form's fields device-…; fields that cannot be read are None."""
    form = DeviceForm(given, prefix="device")
    form.is_valid()
    read = form.cleaned_data
    return Device(
        client_uuid=read.get("client_uuid"),
        has_script=given.get("device-script") == "yes",
        images_load=_yes_or_no(read.get("images")),
        screen_width=read.get("width"),
        screen_height=read.get("height"),
        pixel_ratio=read.get("ratio"),
        touch=_yes_or_no(read.get("touch")),
        round_trip_ms=read.get("milliseconds"),
    )


def _yes_or_no(word: str | None) -> bool | None:
    return {"yes": True, "no": False}.get(word or "")
