"""The paper's tables on one data set: set up, reported, joined."""
