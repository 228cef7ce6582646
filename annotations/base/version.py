"""The version of the code, as every session, score and run records it."""

from clarify_errors import __version__

CODE_VERSION = __version__
