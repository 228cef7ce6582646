"""What leaves the site: moderated, packed, described."""
