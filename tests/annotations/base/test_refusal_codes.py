"""Each refusal names its code, which programs know, where its class is."""

import pytest

from annotations.base import service_errors
from annotations.base.service_errors import ServiceError


def test_a_class_without_a_code_of_its_own_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="code"):
        type("Unnamed", (ServiceError,), {})


def test_no_two_classes_have_the_same_code() -> None:
    codes = [
        value.code
        for value in vars(service_errors).values()
        if isinstance(value, type(ServiceError)) and issubclass(value, ServiceError)
    ]
    assert len(codes) > 40 and len(set(codes)) == len(codes)


def test_a_class_has_the_status_of_its_base_unless_it_says_another() -> None:
    assert service_errors.StageMismatch.status == 409
    assert service_errors.LinkIncomplete.status == 400
    assert service_errors.ResumeCodeWrong.status == 403  # of ResumeCodeNeeded
