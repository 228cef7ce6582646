"""The pages of results and concepts."""
