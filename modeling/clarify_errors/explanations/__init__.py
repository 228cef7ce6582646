"""The method for people who write Python: explain a classifier's errors, and correct its last layer."""
