"""What is done with unit rows: similarity, standardization, zero-shot classes."""
