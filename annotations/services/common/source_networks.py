"""The network that a request comes from, under a pseudonym of the day: what is counted by it names no address."""

import ipaddress

from annotations.services.common import redis_counters

_BITS_V4, _BITS_V6 = 24, 56  # what one household or institution is usually given


def network_pseudonym(address: str) -> str | None:
    """Return today's pseudonym of an address's /24 or /56; None for no valid address, and while Redis is away."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    v4 = ip if isinstance(ip, ipaddress.IPv4Address) else ip.ipv4_mapped
    if v4 is not None:
        return redis_counters.daily_pseudonym(str(ipaddress.IPv4Network((v4, _BITS_V4), strict=False)))
    return redis_counters.daily_pseudonym(str(ipaddress.IPv6Network((int(ip), _BITS_V6), strict=False)))
