"""One model retrained with an approved annotation of each class: candidates, effects, review, files."""
