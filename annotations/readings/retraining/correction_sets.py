"""What a correction is measured on, and the models that are measured."""

SET_NAMES = {"validation": "Validation", "test": "Test", "second": "Second test set"}
BEFORE, CONTROL, AFTER = "before", "control", "after"  # models of a correction's effects
GAINS = "gains"  # of the corrected one's worst group over those of others, with their intervals
RESTRICTED = "restricted"  # the correction in the annotated classes' rows alone, as it is trained without one of them
