"""The kit of all pages: the admin's lists and forms, error pages, the visit that a browser is in."""
