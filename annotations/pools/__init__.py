"""Unlabelled images: gathered for what people found, reviewed, trained with."""
