"""Why there is no back-up, or no site made of one."""


class BackUpRefused(Exception):
    """A sentence with a way on. No back-up was left behind, or nothing of the database was restored."""
