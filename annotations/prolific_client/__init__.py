"""To be said: prolific_client."""
