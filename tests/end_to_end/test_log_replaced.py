"""The log of a data folder is not the one that its state and tables were made of."""

from __future__ import annotations

import json
import shutil
import subprocess

from tests.offers import offer


def test_a_newer_price_is_shown_once_it_is_accepted_that_the_log_is_another(make_suyuan, tmp_path):
    suyuan = make_suyuan(partitions=1)

    def publish(*offers):
        file = tmp_path / "offers.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in offers), encoding="utf-8")
        suyuan.publish(file)

    def price():
        (row,) = suyuan("chains")
        return row["price_fen"]

    publish(*(offer(number, 1000 + number) for number in range(20)))
    suyuan.run_once()
    shutil.rmtree(suyuan.data / "log")
    publish(offer(100, 7777))
    refused = suyuan.begin("run", "--once", stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    _, said = refused.communicate(timeout=240)
    assert refused.returncode == 1
    assert "in.listing-0 is not the one that was read up to offset 20" in said
    assert "--accept-loss" in said
    assert "Traceback" not in said
    assert price() == 1019
    (report,) = suyuan("run", "--once", "--accept-loss")
    assert (report["gap"], report["duplicates"]) == (0, 0)
    assert price() == 7777
