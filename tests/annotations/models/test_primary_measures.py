"""What a study may declare as its primary measures."""

import pytest
from django.core.exceptions import ValidationError

from annotations.models.primary_measures import default_primary_measures, validate_primary_measures


def test_own_gain_and_best_score_are_declared_unless_somebody_changes_it() -> None:
    validate_primary_measures(default_primary_measures())
    assert default_primary_measures() == ["own_gain", "best_error_score"]


@pytest.mark.parametrize("value", ["own_gain", ["own_gain", "own_gain"], ["phrases"], {"own_gain": 1}])
def test_anything_but_different_measures_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        validate_primary_measures(value)
