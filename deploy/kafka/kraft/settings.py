"""A node's server.properties."""

from __future__ import annotations

from pathlib import Path

from kraft.description import Description, Node
from kraft.security import Security

MIB = 1024 * 1024
# Messages of just over 1 MiB and of 20 MiB must reach the workers, who make dead letters of them; a topic's
# max.message.bytes can be less.
LARGEST_MESSAGE = 24 * MIB


def properties(description: Description, node: Node, data: Path, security: Security | None) -> str:
    """`data`: the folder of the node's logs. `security`: of a secured cluster."""
    listeners = {"CLIENT": node.client, "CONTROLLER": node.controller}
    protocols = {"CLIENT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
    if security is not None:
        listeners["MUTUAL"] = node.mutual
        protocols = {"CLIENT": "SASL_SSL", "CONTROLLER": "SSL", "MUTUAL": "SSL"}
    advertised = {name: port for name, port in listeners.items() if name != "CONTROLLER"}
    voters = ",".join(f"{each.id}@127.0.0.1:{each.controller}" for each in description.nodes)
    replicas = min(3, len(description.nodes))
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node.id,
        "controller.quorum.voters": voters,
        "listeners": _addresses(listeners),
        "advertised.listeners": _addresses(advertised),
        "inter.broker.listener.name": "CLIENT" if security is None else "MUTUAL",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
        "log.dirs": data,
        # a misspelt topic is an error, not a topic
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": max(1, replicas - 1),
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": max(1, replicas - 1),
        # few groups: the stock 50 partitions each only make the start slow
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.num.partitions": 4,
        # a group of one member need not wait 3 s for others
        "group.initial.rebalance.delay.ms": 0,
        "message.max.bytes": LARGEST_MESSAGE,
        "replica.fetch.max.bytes": LARGEST_MESSAGE,
        # the stock 128 MiB are a quarter of the heap
        "log.cleaner.dedupe.buffer.size": 64 * MIB,
        # each of the stock 21 threads looks for work three times a second: 2 % of a core when there is none
        "num.network.threads": 1,
        "num.io.threads": 3,
        "background.threads": 2,
        # the stock controller writes twice a second that there is nothing to write, and every broker reads it
        "metadata.max.idle.interval.ms": 10_000,
    }
    if security is not None:
        settings |= security.properties()
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def _addresses(listeners: dict[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items())


def _escaped(value: object) -> str:
    """Java reads the file as Latin-1."""
    text = str(value).replace("\\", "\\\\")
    return "".join(letter if letter.isascii() else f"\\u{ord(letter):04x}" for letter in text)
