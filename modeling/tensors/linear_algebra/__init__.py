"""Products, conversions and exact search on tensors."""
