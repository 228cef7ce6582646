"""What stands in a form or an address instead of a row's number finds nothing, and breaks nothing."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import DecimalField, FloatField
from django.urls import reverse

from annotations.datasets.staff_pages.data_page import PredictionsForm
from annotations.datasets.staff_pages.dataset_lists import IndexForm
from annotations.datasets.staff_pages.import_pages import ImportForm
from annotations.pages.number_formats import MoneyField, row_number
from annotations.pools.staff_pages.gathering_page import GatheringForm
from annotations.studies.staff_pages.amend_page import AmendForm
from annotations.studies.staff_pages.study_forms import StudyForm

NO_NUMBERS = ["9" * 5000, "9" * 18, "-1", "1e3", "٣", "²", "", "1 OR 1=1", "\0"]
POSTS = {
    "payments": ({"act": "prepare"}, "payment"),
    "moderation": ({"act": "approve_shown"}, "phrase"),
    "reconciliation": ({"act": "release_place"}, "submission"),
    "rehearsal": ({"act": "preview"}, "condition"),
    "monitor": ({}, "alarm"),
    "correction": ({"act": "train"}, "base_model"),
    "classes": ({"act": "remove"}, "task"),
}
GETS = {"release_file": "number", "submission": "submission", "correction": "correction", "payments": "page"}


def test_a_number_is_of_plain_digits_and_one_that_a_row_can_have():
    assert row_number("12") == 12
    assert [row_number(text) for text in (*NO_NUMBERS, None) if text != "9" * 18] == [0] * len(NO_NUMBERS)


@pytest.mark.parametrize(("typed", "cents"), [("1.50", 150), ("1,50", 150), ("2,5", 250), ("3", 300), (" 0,05 ", 5)])
def test_an_amount_is_read_with_a_point_or_a_comma(typed, cents):
    assert MoneyField().clean(typed) == cents


@pytest.mark.parametrize("typed", ["1,500", "1,234.50", "1.234,50", "GBP", "-1"])
def test_an_amount_that_may_mean_two_things_is_refused(typed):
    with pytest.raises(ValidationError):
        MoneyField().clean(typed)


@pytest.mark.parametrize("form", [StudyForm, AmendForm, ImportForm, PredictionsForm, IndexForm, GatheringForm])
def test_no_field_for_a_number_with_a_point_drops_a_comma(form):
    numbers = [field for field in form.base_fields.values() if isinstance(field, FloatField | DecimalField)]
    assert {field.widget.input_type for field in numbers} == {"text"}
    assert {field.clean("0,5") for field in numbers} <= {0.5, 50}  # an amount in hundredths


@pytest.mark.parametrize("page", POSTS)
def test_a_form_with_no_number_is_answered(open_study, coordinator_client, page):
    given, field = POSTS[page]
    address = reverse(f"admin:annotations_study_{page}", args=[open_study.pk])
    for number in NO_NUMBERS:
        answered = (400,) if "\0" in number else (200, 302, 404)
        assert coordinator_client.post(address, {**given, field: number}).status_code in answered


@pytest.mark.parametrize("page", GETS)
def test_an_address_with_no_number_is_answered(open_study, coordinator_client, page):
    address = reverse(f"admin:annotations_study_{page}", args=[open_study.pk])
    for number in NO_NUMBERS:
        answered = (400,) if "\0" in number else (200, 302, 404)
        assert coordinator_client.get(address, {GETS[page]: number}).status_code in answered
