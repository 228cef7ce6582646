"""Back-ups of a whole site, and sites made of them (docs/decisions/0018)."""
