"""What a folder's cluster is: nodes, ports. Written once, when the folder is made."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from kraft.ports import free_ports

FILE = "cluster.json"


@dataclass(frozen=True)
class Node:
    """`client`, `controller`, `mutual`: ports on 127.0.0.1; the last, for mTLS, only in a secured cluster, else 0."""

    id: int
    client: int
    controller: int
    mutual: int = 0

    @property
    def ports(self) -> tuple[int, ...]:
        """All on which it listens."""
        return tuple(filter(None, (self.client, self.controller, self.mutual)))


@dataclass(frozen=True)
class Description:
    """A cluster of combined brokers and controllers, ids from 1."""

    cluster_id: str
    nodes: tuple[Node, ...]
    secure: bool

    @property
    def servers(self) -> str:
        """`host:port,host:port` for clients."""
        return ",".join(f"127.0.0.1:{node.client}" for node in self.nodes)


def new_description(brokers: int, port: int, *, secure: bool) -> Description:
    """Ports from `port` up: the brokers' for clients, then the controllers', then those for mTLS; 0: free ports."""
    kinds = 3 if secure else 2
    ports = list(range(port, port + kinds * brokers)) if port else free_ports(kinds * brokers)
    nodes = tuple(Node(index + 1, *ports[index::brokers]) for index in range(brokers))
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return Description(cluster_id.replace("-", "A"), nodes, secure)


def read(folder: Path) -> Description | None:
    """None when the folder holds no cluster."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Description(found["cluster_id"], tuple(Node(**node) for node in found["nodes"]), found["secure"])


def write(folder: Path, description: Description) -> None:
    """Whole or not at all."""
    unfinished = folder / f"{FILE}.unfinished"
    unfinished.write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")
    unfinished.replace(folder / FILE)
