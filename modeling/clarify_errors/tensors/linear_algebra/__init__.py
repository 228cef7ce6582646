"""Products and conversions of tensors, preconditioners, and a small quadratic program."""
