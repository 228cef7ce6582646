"""The task: phrases, their scores, replies to them."""
