"""What reviewers say of slices."""
