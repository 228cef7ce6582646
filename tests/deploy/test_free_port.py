"""Which port a server of this machine listens on."""

import pytest

from deploy.local.services import free_port, listen


def test_a_port_is_taken_as_long_as_its_socket_is_open() -> None:
    with listen() as taken:
        port = taken.getsockname()[1]
        assert free_port() != port
        with pytest.raises(OSError, match="in use"):
            listen(port)
    listen(port).close()
