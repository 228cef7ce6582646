"""What annotations of some of many classes do to a whole model: the tables and figures of the paper's section 5.3."""
