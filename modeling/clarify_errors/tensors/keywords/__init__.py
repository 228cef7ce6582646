"""Captions by a model, and keywords by libraries that are installed as extras. Import the module that is meant."""
