"""TCP ports on 127.0.0.1."""

from __future__ import annotations

import random
import socket

# Below the range from which systems take the ports of outgoing connections: a broker that is down for a moment would
# else find its port taken by any client's connection, even by a client of its own that asks for it and meets itself.
FREE = range(10_240, 32_768)


def is_free(port: int) -> bool:
    """Whether a server can listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # as Java does: connections of a server that has ended are no obstacle
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Distinct ports on which nothing listens now."""
    found: set[int] = set()
    draw = random.SystemRandom()
    while len(found) < count:
        port = draw.choice(FREE)
        if is_free(port):
            found.add(port)
    return list(found)
