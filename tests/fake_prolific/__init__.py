"""Prolific as its documents and its pitfalls describe it: a real HTTP server in a thread, with a state of its own.

`FakeProlific` is what tests hold; `Clerk` is its state and its rules, and `Handler` the way in over HTTP.
"""

from tests.fake_prolific.server import FakeProlific

__all__ = ["FakeProlific"]
