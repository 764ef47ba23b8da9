"""Which addresses webhooks may be sent to: public ones, and the ranges that the operator names.

What Python calls global is not enough: a translator's addresses (NAT64, 6to4, Teredo) reach what lies behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from suyuan.errors import ErrorKind, SuyuanError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host, this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # between a provider and its customers (CGNAT)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""all that is public of IPv6 lies in it: not NAT64, local, mapped and multicast addresses"""


class Allowed:
    """Ranges that are open though they are not public; of an address in one of them plaintext is too."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    @classmethod
    def of(cls, text: str) -> Allowed:
        """`10.8.0.0/16, fd00:8::/32`. Raises SuyuanError, CONFIGURATION."""
        try:
            return cls([ip_network(each.strip()) for each in text.split(",") if each.strip()])
        except ValueError as error:
            raise SuyuanError(f"bad configuration: SUYUAN_WEBHOOK_ALLOW: {error}", ErrorKind.CONFIGURATION) from None

    def names(self, address: Address) -> bool:
        """Whether the operator has named it."""
        plain = unmapped(address)
        return any(plain in network for network in self._networks)

    def opens(self, address: Address) -> bool:
        """Whether something may be sent there."""
        return is_public(address) or self.names(address)


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet reaches the same thing by it."""
    plain = unmapped(address)
    if isinstance(plain, IPv6Address) and (plain not in _GLOBAL_UNICAST or plain.scope_id is not None):
        return False
    return plain.is_global and not any(plain in network for network in NOT_PUBLIC)


def unmapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for on the wire (::ffff:0:0/96), or itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def literal(host: str) -> Address | None:
    """The address that a host's text is; None: it is a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
