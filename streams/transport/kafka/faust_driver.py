"""Faust's transport over Apache Kafka: `FaustApp(broker="suyuan-kafka://host:port;host:port")`."""

from __future__ import annotations

from typing import Any, ClassVar

from faust.transport import base

from suyuan.connections.kafka import KafkaConnection
from suyuan.streams.transport.faust_app import FaustApp
from suyuan.streams.transport.kafka.consumer import Consumer
from suyuan.streams.transport.kafka.producer import Producer

__all__ = ["Consumer", "Producer", "Transport"]


class Transport(base.Transport):  # type: ignore[misc] # faust is untyped here
    """Over brokers that are reached as `TransportOptions.kafka` says."""

    app: FaustApp
    Consumer: ClassVar[type[Any]] = Consumer
    Producer: ClassVar[type[Any]] = Producer
    default_port = 9092
    driver_version = "suyuan-kafka"

    def connection(self) -> KafkaConnection:
        """How to reach the brokers."""
        given = self.app.transport_options.kafka
        return given or KafkaConnection(tuple(f"{url.host}:{url.port or self.default_port}" for url in self.url))
