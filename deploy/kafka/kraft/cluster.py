"""The brokers of a folder: started, stopped, wiped, looked at."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from kraft import archive, ports, software
from kraft import description as descriptions
from kraft.description import Description, Node
from kraft.failure import Failure
from kraft.process import SHUTDOWN, NodeProcess
from kraft.requests import Inquiry, Unanswered
from kraft.security import Security
from kraft.settings import properties

# C2 takes half of a start's processor time, and as much as all the rest of a busy broker in its first minutes. What it
# makes is no faster here: packing, sums and sockets are native (docs/decisions/0005-where-the-time-goes.md). TLS is
# not: C1 does not know the processor's AES.
FIRST_COMPILER_ALONE = "-XX:TieredStopAtLevel=1"


class Cluster:
    """`folder`: holds all of it; made by `start`. Commands on one folder wait for each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def start(
        self, brokers: int | None, port: int | None, heap: str, patience: float, *options: str, secure: bool
    ) -> Description:
        """Starts what does not run, and returns when every broker answers and knows all others.

        `brokers`, `port`, `secure`: of a cluster that is yet to be made (1, 9092); they cannot change afterwards.
        `patience`: seconds; `options`: more for Java. Raises `Failure`, after which none runs that this call started.
        """
        java, jars = software.java(), software.jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._held():
            description = self._described(brokers, port, secure=secure)
            security = self._security(description)
            formatting: list[str] = []
            loaded = archive.options(java, jars)
            java_options = [*loaded, *options]
            if security is None:
                java_options.append(FIRST_COMPILER_ALONE)
            else:
                security.create()
                formatting = ["--add-scram", security.scram()]
                java_options += security.java_options()
            processes = self._processes(description)
            down = {node: process for node, process in processes.items() if process.pid is None}
            for node in down:
                for each in node.ports:
                    if not ports.is_free(each):
                        raise Failure(f"port {each} on 127.0.0.1 is in use, which broker {node.id} needs")
            try:
                for node, process in down.items():
                    process.folder.mkdir(exist_ok=True)
                    process.properties.write_text(
                        properties(description, node, process.data, security), encoding="ascii"
                    )
                    process.format(java, jars, description.cluster_id, loaded, *formatting)
                for process in down.values():
                    process.start(java, jars, heap, *java_options)
                _await_answers(processes, security, patience)
            except BaseException:
                _stop(list(down.values()), limit=5.0)
                raise
        return description

    def stop(self, broker: int | None = None) -> list[int]:
        """All brokers, or the one of that id; those that had to be killed."""
        description = descriptions.read(self.folder)
        if description is None:
            return []
        with self._held():
            processes = self._processes(description)
            if broker is not None and broker not in {node.id for node in processes}:
                raise Failure(f"there is no broker {broker} in {self.folder}")
            chosen = [process for node, process in processes.items() if broker in {None, node.id}]
            return [int(process.folder.name) for process in _stop(chosen, SHUTDOWN)]

    def wipe(self) -> None:
        """Stops the brokers and removes the folder; one that holds anything else than a cluster is left alone."""
        if not self.folder.exists():
            return
        if descriptions.read(self.folder) is None:
            raise Failure(f"{self.folder} holds no brokers of ours, and is left alone")
        self.stop()
        shutil.rmtree(self.folder)

    def token(self, lifetime: float) -> str:
        """For SASL/OAUTHBEARER; `lifetime`: seconds from now."""
        description = descriptions.read(self.folder)
        if description is None or not description.secure:
            raise Failure(f"{self.folder} holds no secured brokers")
        return Security(self.folder).token(lifetime)

    def status(self) -> dict[Node, str]:
        """`stopped`, `answers` or `does not answer: why`, of each node."""
        description = descriptions.read(self.folder)
        if description is None:
            return {}
        security = self._security(description)
        return {node: _state(node, process, security) for node, process in self._processes(description).items()}

    def _described(self, brokers: int | None, port: int | None, *, secure: bool) -> Description:
        found = descriptions.read(self.folder)
        if found is None and any(self.folder.iterdir()):
            raise Failure(f"{self.folder} is not empty and holds no brokers of ours")
        # one that never came to hold data, since its first start failed, binds nobody
        if found is None or not any(process.is_formatted for process in self._processes(found).values()):
            found = descriptions.new_description(brokers or 1, 9092 if port is None else port, secure=secure)
            descriptions.write(self.folder, found)
        elif brokers not in {None, len(found.nodes)} or port not in {None, 0, found.nodes[0].client}:
            raise Failure(
                f"{self.folder} holds a cluster of {len(found.nodes)} from port {found.nodes[0].client}; "
                "wipe it to make another"
            )
        elif secure and not found.secure:
            raise Failure(f"{self.folder} holds a cluster that is not secured; wipe it to make another")
        return found

    def _security(self, description: Description) -> Security | None:
        return Security(self.folder) if description.secure else None

    def _processes(self, description: Description) -> dict[Node, NodeProcess]:
        return {node: NodeProcess(self.folder / str(node.id)) for node in description.nodes}

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _stop(processes: list[NodeProcess], limit: float) -> list[NodeProcess]:
    """`limit`: seconds for all of them together. Those that had to be killed."""
    for process in processes:
        process.ask_to_stop()
    deadline = time.monotonic() + limit
    return [process for process in processes if not process.await_end(deadline)]


def _await_answers(processes: dict[Node, NodeProcess], security: Security | None, patience: float) -> None:
    deadline = time.monotonic() + patience
    expected = {node.id for node in processes}
    for node, process in processes.items():
        while (reason := _unready(node, security, expected)) is not None:
            if process.pid is None:
                raise Failure(f"broker {node.id} ended while it was starting; {process.log}:\n{process.last_words()}")
            if time.monotonic() > deadline:
                raise Failure(
                    f"broker {node.id} was not ready after {patience:.0f} s ({reason}); {process.log}:\n"
                    f"{process.last_words()}"
                )
            time.sleep(0.05)


def _inquiry(node: Node, security: Security | None) -> Inquiry:
    return Inquiry(node.client) if security is None else Inquiry(node.mutual, security.as_client())


def _state(node: Node, process: NodeProcess, security: Security | None) -> str:
    if process.pid is None:
        return "stopped"
    try:
        with _inquiry(node, security) as inquiry:
            inquiry.api_versions()
    except Unanswered as error:
        return f"does not answer: {error}"
    return "answers"


def _unready(node: Node, security: Security | None, expected: set[int]) -> str | None:
    """Why clients cannot yet work with the broker."""
    try:
        with _inquiry(node, security) as inquiry:
            inquiry.api_versions()
            if missing := expected - inquiry.brokers():
                return f"brokers {sorted(missing)} have not joined"
            inquiry.coordinator()
    except Unanswered as error:
        return str(error)
    return None
