"""A command finds its study by the slug, and where there is none says which there are."""

import pytest

from annotations.base.service_errors import StudyNotFound
from annotations.models import Study
from annotations.studies.lifecycle import find_study


def test_a_study_is_found_by_its_slug(draft_study: Study) -> None:
    assert find_study(draft_study.slug) == draft_study


def test_who_names_another_is_told_which_studies_there_are(draft_study: Study) -> None:
    Study.objects.create(slug="birds", title="Birds", completion_code="X")
    with pytest.raises(StudyNotFound, match=r"^There is no study 'bird'\. Known studies: birds, sprites\.$"):
        find_study("bird")


def test_where_there_is_no_study_at_all_that_is_said(db: None) -> None:
    with pytest.raises(StudyNotFound, match=r"Known studies: none\.$"):
        find_study("bird")
