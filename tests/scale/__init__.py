"""A data set of ImageNet's size, planted, from its embeddings to the report (docs/operators/scale.md)."""
