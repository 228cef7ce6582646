"""Captions, keywords from them, their rankings, and retraining with the best."""
