"""The shape of the streams before this one: topics, changelogs and state that stages of now cannot go on with.

A shape is which stages there are, what they keep, and what the messages between them hold. Events and chains are no
part of it: they are read whatever shape wrote them. Whoever changes the shape raises `SHAPE`, adds to what is
gone, and names as the mark a topic that the shape before did not have.
"""

from __future__ import annotations

from collections.abc import Container

from suyuan.errors import ErrorKind, SuyuanError

SHAPE = 3
"""1: sellers had a stage of their own. 2: an alert was of one listing, and of no desk"""
MARK = "alert.state"
"""a topic of this shape that those before lack. A rebuild makes it when all else is done, so that it tells that the
state and what lies between the stages are of this shape"""
GONE_TOPICS = ("seller.listing", "seller.record", "seller.backlog", "alert")
"""topics of former shapes, which nobody reads any more; of the last, the tables alert and alert_history have what was
loaded"""
GONE_STAGES = ("seller",)
GONE_CHANGELOGS = tuple(f"suyuan-{stage}-state-changelog" for stage in GONE_STAGES)


class FormerShape(SuyuanError):
    """State and messages between the stages are of a former shape; they can be made anew from the events."""

    kind = ErrorKind.CONFIGURATION


def is_former(topics: Container[str]) -> bool:
    """Whether a log with these topics, a folder's or a cluster's, was left by a former shape. One to which events were
    only published is of no shape yet.
    """
    return MARK not in topics and any(topic in topics for topic in (*GONE_TOPICS, *GONE_CHANGELOGS))


def refuse_former_shape(topics: Container[str], where: str, rebuild: str) -> None:
    """Raise FormerShape where the topics are those of one. `where`: what they are of; `rebuild`: the command that makes
    everything anew.
    """
    if is_former(topics):
        raise FormerShape(
            f"{where}: a former version of suyuan worked here (there is no topic {MARK}), and what its stages kept and "
            "sent one another lacks what those of now need. Nothing was touched, and every event is there: stop "
            f"whatever still runs, then `{rebuild}` has the next start make all of it anew; chains stay meanwhile, "
            "and alerts are raised anew (docs/how-to/move-to-a-new-version.md)"
        )
