"""Reading the password of an account that a command makes."""

import getpass
import sys


def read_password() -> str:
    """Ask for it at a terminal; otherwise take the next line of standard input."""
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
