"""A person's way from the link to the end; withdrawal, erasure, previews, rehearsals, experts."""
