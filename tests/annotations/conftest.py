"""Studies with much in them that many tests of a module read, stored once for the module."""

import pytest

from annotations.models import BaseModel, Study
from tests.support.analysis_studies import tell, two_tasks
from tests.support.scripted import scripted_phrases
from tests.support.whole import whole_study


@pytest.fixture(scope="module")
def stored_whole(stored_base_model: BaseModel) -> Study:
    return whole_study(stored_base_model)


@pytest.fixture
def whole(db: None, stored_whole: Study) -> Study:
    """A study in which everything happens that the log tells of."""
    return Study.objects.get(pk=stored_whole.pk)


@pytest.fixture(scope="module")
def stored_scripted(stored_base_model: BaseModel) -> Study:
    study = two_tasks(stored_base_model)
    tell(study, scripted_phrases())
    return study


@pytest.fixture
def scripted(db: None, stored_scripted: Study) -> Study:
    """The scripted study of 26 people."""
    return Study.objects.get(pk=stored_scripted.pk)
