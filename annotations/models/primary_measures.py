"""What a study declares before it opens as the measures that it is about: only these are tested, and adjusted."""

from django.core.exceptions import ValidationError

# Columns of summary.csv that people and conditions are compared by. The first two are declared unless somebody unticks.
MEASURES = {
    "own_gain": "own gain: what people’s words add to worst-group accuracy, over retraining without words",
    "best_error_score": "best error score: how well a person’s best words tell wrong from right images",
    "worst_group_accuracy": "worst-group accuracy: images right where the retrained model is wrong most often",
    "tries": "tries",
    "active_time": "active time",
}


def default_primary_measures() -> list[str]:
    """Return what a new study declares."""
    return ["own_gain", "best_error_score"]


def validate_primary_measures(value: object) -> None:
    """Raise ValidationError for anything but a list of different measures."""
    if not isinstance(value, list) or not set(value) <= set(MEASURES) or len(set(value)) != len(value):
        raise ValidationError(f"Name different ones of {', '.join(MEASURES)}.")
