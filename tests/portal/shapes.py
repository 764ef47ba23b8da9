"""A seeded system of each shape, and the portal's app on it, without a socket of its own."""

from __future__ import annotations

import secrets
import time
import warnings
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

from kafka import KafkaProducer

from suyuan.access.events import CONTROL, KeyGranted, encode_access, subject_of
from suyuan.access.keys import digest, new_key
from suyuan.access.principal import Role
from suyuan.eventlog.log import Log, Record, TopicConfig
from suyuan.portal.app import make_app
from suyuan.portal.ports import Ports
from suyuan.publishing.control import append_control
from suyuan.queries.open_tables import OpenTables
from suyuan.queries.over_socket.server import QueryService
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.schemas.topics import TOPICS
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate
from tests.portal.worlds import WORLDS, seed
from tests.sinks.conftest import WITHOUT_FSYNC

with warnings.catch_warnings(action="ignore"):  # httpx goes by another name in later versions of starlette
    from starlette.testclient import TestClient

PARTITIONS = 2
FAST = {"portal_requests_per_second": 100_000, "webhook_allow": "127.0.0.0/8"}
YEAR_MS = 365 * 86_400_000


@contextmanager
def embedded(**given):
    """(settings, tables): a folder whose tables this process has open, and answers others over the socket."""
    with ExitStack() as opened:
        folder = opened.enter_context(TemporaryDirectory(prefix="s"))  # short: paths of sockets are limited
        settings = Settings(data=folder, partitions=PARTITIONS, fsync=False, **FAST | given)
        with Log.open(folder, role="publish", fsync="never") as log:
            for topic in TOPICS:
                log.create_topic(topic.name, PARTITIONS, TopicConfig(topic.compacted))
        clickhouse = opened.enter_context(ClickHouse(ClickHouseSettings(path=settings.data / "clickhouse")))
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        seed(clickhouse)
        service = QueryService(settings.data, OpenTables(clickhouse))
        service.start()
        opened.callback(service.stop)
        yield settings, clickhouse


@contextmanager
def cluster(broker, front, folder, **given):
    """(settings, tables): a database of its own on the front, topics of the broker that all modules share."""
    database = f"suyuan_{secrets.token_hex(4)}"
    settings = Settings(
        data=folder,
        partitions=PARTITIONS,
        kafka=",".join(broker.servers),
        clickhouse=f"127.0.0.1:{front.port}",
        clickhouse_database=database,
        **FAST | given,
    )
    with ClickHouse(ClickHouseSettings(host="127.0.0.1", port=front.port, database=database)) as clickhouse:
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        seed(clickhouse)
        yield settings, clickhouse


def given_for(role, world, name="test"):
    """What a grant for a role in a world says."""
    division = world.division[:4] if role in {Role.REGULATOR, Role.INVESTIGATOR} else None
    code = {Role.PLATFORM: world.platform, Role.PUBLISHER: world.producer}.get(role)
    kinds = ("lot", "shipment") if role == Role.PUBLISHER else ()
    return {"role": role, "name": name, "division": division, "code": code, "kinds": kinds}


class PortalUnderTest:
    """The app with its lifespan; `client(role, world)` are what somebody of that role asks by."""

    def __init__(self, shape, settings, clickhouse):
        self.shape, self.settings, self.clickhouse = shape, settings, clickhouse
        self.deployment = deployment_of(settings)
        self.worlds = WORLDS
        self.time = time.time
        self._keys = {}
        self._producer = None
        self._opened = ExitStack()
        self.app = make_app(Ports(self.deployment), settings, self._clock)
        for world in WORLDS.values():
            for role in Role:
                self._keys[role, world.letter] = self.grant(**given_for(role, world))
        self._root = self._opened.enter_context(self._made({}))

    @property
    def loop(self):
        """Of the app: what is started in it runs beside."""
        return self._root.portal

    def _clock(self):
        return self.time()

    def grant(self, role, *, name="test", created=None, expires=None, **scope):
        """A key, appended to the log as the command does."""
        key, now = new_key(secrets.token_bytes), int(self.time() * 1000)
        made = KeyGranted(
            id=key.id,
            digest=digest(key.secret),
            role=role,
            name=name,
            created=now if created is None else created,
            expires=now + YEAR_MS if expires is None else expires,
            by="command",
            **scope,
        )
        self.append(made)
        return str(key)

    def append(self, event):
        append_control(self.deployment.outlet, CONTROL, subject_of(event), encode_access(event))

    def say(self, topic, partition, value):
        """A message of a topic of stages, as they would publish it."""
        if self.shape == "embedded":
            with Log.open(self.settings.data, role="publish", fsync="never") as log:
                log.append(topic, partition, [Record(b"k", value)])
            return
        if self._producer is None:
            self._producer = KafkaProducer(bootstrap_servers=self.settings.kafka.split(","))
            self._opened.callback(self._producer.close)
        self._producer.send(topic, value, b"k", partition=partition).get(30)

    def key(self, role, world="A"):
        return self._keys[Role(role), world]

    def client(self, role=None, world="A", *, key=None):
        """A client with that role's key in that world; of nobody: none, or `key`."""
        key = self.key(role, world) if role is not None else key
        made = self._made({"Authorization": f"Bearer {key}"} if key else {})
        made.portal = self.loop  # one loop for all
        return made

    def _made(self, headers):
        base = "http://127.0.0.1:8765"
        return TestClient(self.app, base, headers=headers, raise_server_exceptions=False, follow_redirects=False)

    def close(self):
        self._opened.close()
