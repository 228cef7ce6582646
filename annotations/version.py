"""The version of the code, as every session, score and run records it."""

from importlib.metadata import version

CODE_VERSION = version("clarify")
