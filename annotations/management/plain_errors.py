"""What a command says when it refuses: one sentence instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError

from annotations.services.common.service_errors import ServiceError
from modeling.arrays.common.modeling_errors import ModelingError


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the refusals of modeling and of services into CommandError; any other exception is a bug and passes."""
    try:
        yield
    except (ModelingError, ServiceError) as error:
        message = str(error)
        raise CommandError(message if message.endswith((".", "!", "?")) else f"{message}.") from error
