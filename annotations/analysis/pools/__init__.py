"""How well reviewers agree, and what gathered images are worth."""
