"""Keywords from captions, by libraries that are extras."""
