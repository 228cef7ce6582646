"""A whole model retrained with annotations of some of many classes (paper, section 5.3)."""
