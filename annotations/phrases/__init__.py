"""The task: assignments and their clock, phrases, scores, replies, what the page shows."""
