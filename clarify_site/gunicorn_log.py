"""gunicorn's own lines, in the shape of all others and without who sent a request and what stood in it."""

import re
from logging import LogRecord
from typing import Any

from gunicorn.glogging import Logger

from clarify_site.logs import line_formatter

_OF_SENDER = re.compile(r" from ip=.*", re.DOTALL)  # the address, then the part of the request that is not right


def without_traces(record: LogRecord) -> bool:
    """Take the sender and what was sent out of a line, and the query string out of an address."""
    record.msg = _OF_SENDER.sub("", str(record.msg))
    if isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


class GunicornLogger(Logger):  # type: ignore[misc]  # gunicorn is not typed
    """Writes what gunicorn has to say (setting logger_class)."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(line_formatter())
            handler.addFilter(without_traces)
