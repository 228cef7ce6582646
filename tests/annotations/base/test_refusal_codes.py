"""A refusal's code, which programs know, is the name of its class."""

from annotations.base import service_errors
from annotations.visits.preview_links import EntryLinkInvalid


def test_a_class_is_known_by_its_name() -> None:
    assert service_errors.StudyNotFound.code == "study_not_found"
    assert service_errors.PlacesHeld.code == "places_held"


def test_a_class_may_say_another_code() -> None:
    assert EntryLinkInvalid.code == "rehearsal_link_invalid"


def test_a_class_has_the_status_of_its_base_unless_it_says_another() -> None:
    assert service_errors.StageMismatch.status == 409
    assert service_errors.LinkIncomplete.status == 400
    assert service_errors.ResumeCodeWrong.status == 403  # of ResumeCodeNeeded
