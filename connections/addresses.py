"""Addresses of servers, and which of them another machine could listen in on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from suyuan.connections.errors import InsecureConnection, WrongConnection
from suyuan.connections.urls import address_shown


def host_and_port(address: str, field: str) -> tuple[str, int]:
    """('kafka-1', 9092) of 'kafka-1:9092'; an IPv6 host stands in brackets: '[::1]:9092'.

    Raises WrongConnection, naming `field`.
    """
    host, colon, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise WrongConnection(field, f"{address_shown(address)!r} is not host:port (an IPv6 host stands in brackets)")
    if "@" in host:
        raise WrongConnection(
            field, f"{address_shown(address)!r} has a user before it: name users in their own settings"
        )
    if not (colon and host and port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise WrongConnection(field, f"{address_shown(address)!r} is not host:port")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether what is sent to the host stays on this machine; a name other than localhost is not looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_plaintext(hosts: Iterable[str], field: str) -> None:
    """Raises InsecureConnection, naming `field`, for a host that is not this machine."""
    for host in hosts:
        if not is_loopback(host):
            raise InsecureConnection(
                field, f"{host} would be spoken to in plaintext: turn on TLS, or allow plaintext in so many words"
            )
