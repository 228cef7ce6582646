"""What leaves the site: moderation, exports, releases, and their tables over the API."""
