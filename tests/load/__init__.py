"""How many people a site holds, and what one of them costs (docs/operators/scale.md)."""
