"""Bonuses and rewards: proposed, approved, sent, compared with Prolific's records; costs."""
