"""Captions, keywords from them, their rankings, and what retraining with the best one does."""
