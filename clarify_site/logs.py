"""One JSON object a line, from structlog and from every library that logs with the standard library."""

from logging import WARNING, LogRecord

from structlog import processors, stdlib
from structlog.typing import Processor


def not_chatter(record: LogRecord) -> bool:
    """Whether a record is worth a line: libraries that log details through the root logger itself are not."""
    return record.name != "root" or record.levelno >= WARNING


def line_formatter() -> stdlib.ProcessorFormatter:
    """Return the formatter named in settings.LOGGING."""
    shared: list[Processor] = [
        stdlib.add_log_level,
        stdlib.add_logger_name,
        processors.TimeStamper(fmt="iso", utc=True),
    ]
    return stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            processors.format_exc_info,
            processors.JSONRenderer(ensure_ascii=False),
        ],
    )
