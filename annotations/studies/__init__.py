"""Set-up, checks before opening, opening, pausing, closing; how far a study is."""
