"""What questions may take: each use has readers of its own, so none is in another's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from suyuan.sinks.readers import Budget


class Use(StrEnum):
    """What a question is asked for."""

    INTERACTIVE = "interactive"
    """somebody waits: a page of a list, one chain, one alert"""
    TRACE = "trace"
    """somebody waits for what is made of many questions in a row"""
    FEED = "feed"
    """asked again and again for what is new"""
    EXPORT = "export"
    """a large page of a list, and what goes through whole tables for an answer"""
    WHOLE = "whole"
    """all of a list, by one read"""
    VERIFIER = "verifier"
    """whether the tables are right: as long as it takes, beside everything else"""


BUDGETS: Mapping[Use, Budget] = {
    Use.INTERACTIVE: Budget(readers=3, waiting=16, seconds=10),
    Use.TRACE: Budget(readers=1, waiting=8, seconds=60),
    Use.FEED: Budget(readers=1, waiting=16, seconds=10),
    Use.EXPORT: Budget(readers=1, waiting=8, seconds=60),
    Use.WHOLE: Budget(readers=1, waiting=8, seconds=600),
    Use.VERIFIER: Budget(readers=1, waiting=4, seconds=600),
}

ALONE: Mapping[Use, Budget] = {use: replace(budget, seconds=3600) for use, budget in BUDGETS.items()}
"""of a command that has the folder to itself: nobody waits for its readers"""
