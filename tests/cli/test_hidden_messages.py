"""A loader tells what an open transaction hides, once it is open at two looks."""

import logging

from prometheus_client import REGISTRY

from suyuan.connections.open_transactions import OpenTransaction
from suyuan.operations.hidden_messages import HiddenMessages


def shown(topic):
    return REGISTRY.get_sample_value("suyuan_hidden_messages", {"topic": topic})


def test_a_transaction_that_stays_open_is_told_once_and_counted_while_it_lasts(caplog):
    caplog.set_level(logging.WARNING)
    hidden = HiddenMessages(["in.lot", "in.recall"])
    hidden.look([OpenTransaction("in.lot", 1, 100, 130, 0), OpenTransaction("in.lot", 2, 7, 9, 0)])
    assert (shown("in.lot"), caplog.messages) == (0, []), "it may be in work"
    hidden.look([OpenTransaction("in.lot", 1, 100, 165, 0), OpenTransaction("in.lot", 2, 9, 11, 0)])
    assert (shown("in.lot"), shown("in.recall")) == (65, 0)
    hidden.look([OpenTransaction("in.lot", 1, 100, 170, 0)])
    assert shown("in.lot") == 70
    (line,) = caplog.messages
    assert "in.lot-1: up to 65 messages" in line
    assert "abort --topic in.lot --partition 1 --start-offset 100" in line
    hidden.look([])
    assert shown("in.lot") == 0
    assert "in.lot-1" in caplog.messages[1]
    hidden.look([OpenTransaction("in.lot", 1, 300, 301, 0)])
    hidden.look([OpenTransaction("in.lot", 1, 300, 301, 0)])
    assert len(caplog.messages) == 3, "another one is told again"
