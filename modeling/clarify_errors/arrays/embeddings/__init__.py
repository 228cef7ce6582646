"""Operations on unit rows: similarity, standardization, zero-shot classes."""
