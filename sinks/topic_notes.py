"""Which topics a group read, as texts beside its offsets.

Kafka forgets the offsets of a topic that is deleted, and the next loader begins with a topic of the same name that was
made since. So the ids of all topics are noted beside the offsets of each one's first partition.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from suyuan.connections.topic_partition import TopicPartition

SHOWN = 8
"""characters of an id: a text may have 4 KiB"""


def text_of(ids: Mapping[str, str]) -> str:
    """The note of these topic ids, to be committed where there is no other text. Its member `inserting` is what a
    former version looks for.
    """
    return json.dumps({"inserting": [], "topics": {name: id_[:SHOWN] for name, id_ in ids.items()}})


def is_note(text: str) -> bool:
    """Whether a text is such a note."""
    return '"topics"' in text


def made_again(
    ids: Mapping[str, str], committed: Mapping[TopicPartition, tuple[int, str]], topics: Iterable[str]
) -> set[str]:
    """Topics that were others when the group read them. `committed`: offsets and texts of the group; `ids`: of now.

    | the topic's own offsets | what the topic's own note says | what others' notes say | |
    |---|---|---|---|
    | there | another id | | made again: committed by somebody who did not know |
    | there | this id, or nothing | anything | the same; others' notes are older where they differ |
    | none | | another id | made again |
    | none | | this id, or nothing | never read |
    """
    own = {name: _note(committed.get((name, 0), (0, ""))[1]) for name in topics}
    read = {topic for topic, _ in committed}
    return {name for name in topics if name in ids and _differs(ids[name], name, own, read)}


def _differs(id_: str, name: str, own: Mapping[str, Mapping[str, str]], read: Collection[str]) -> bool:
    notes = [own[name]] if name in read else own.values()
    return any(note.get(name, id_[:SHOWN]) != id_[:SHOWN] for note in notes)


def _note(text: str) -> dict[str, str]:
    return dict(json.loads(text)["topics"]) if is_note(text) else {}
