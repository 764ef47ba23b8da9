"""The log of a data folder is not the one that its state and tables were made of."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.offers import offer

pytestmark = pytest.mark.real_time


@pytest.fixture
def market(make_suyuan, tmp_path):
    return Market(make_suyuan(partitions=1), tmp_path / "offers.jsonl")


class Market:
    def __init__(self, suyuan, file):
        self.suyuan = suyuan
        self._file = file

    def publish(self, *offers):
        self._file.write_text("".join(json.dumps(each) + "\n" for each in offers), encoding="utf-8")
        self.suyuan.publish(self._file)

    def price(self, listing):
        return {row["listing_id"]: row["price_fen"] for row in self.suyuan("chains")}[listing]


def test_a_newer_price_is_shown_once_it_is_accepted_that_the_log_is_another(market):
    suyuan = market.suyuan
    market.publish(*(offer(number, 1000 + number) for number in range(20)))
    suyuan.run_once()
    shutil.rmtree(suyuan.data / "log")
    market.publish(*(offer(0, 1000, listing=f"L{number}") for number in range(30)), offer(100, 7777))
    refused = suyuan.begin("run", "--once", stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    _, said = refused.communicate(timeout=240)
    assert refused.returncode == 1
    assert "in.listing-0 is not the one that was read up to offset 20" in said
    assert "--accept-loss" in said
    assert "Traceback" not in said
    (report,) = suyuan("run", "--once", "--accept-loss")
    assert (report["gap"], report["duplicates"]) == (0, 0)
    assert market.price("L1") == 7777


def test_a_newer_price_is_shown_over_a_log_of_former_days(market):
    """As after a power cut too, which takes what was not on the disk yet."""
    suyuan = market.suyuan
    market.publish(offer(0, 1000))
    suyuan.run_once()
    shutil.copytree(suyuan.data / "log", suyuan.data / "copy")
    market.publish(*(offer(number, 1000 + number) for number in range(1, 20)))
    suyuan.run_once()
    shutil.rmtree(suyuan.data / "log")
    shutil.move(suyuan.data / "copy", suyuan.data / "log")
    market.publish(offer(100, 7777))
    run = suyuan.begin("run", "--once", stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    _, said = run.communicate(timeout=240)
    assert run.returncode == 0, said
    assert "in.listing-0 ends at 1, and was read up to 20: it lost its end" in said
    assert market.price("L1") == 7777
