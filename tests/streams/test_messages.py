"""What a stage returns as messages for partitions."""

import polars as pl

from suyuan.domain.keys import partition_of
from suyuan.schemas.blocks import block_schema, decode_block
from suyuan.streams.messages import MAX_BLOCK_ROWS, encode_outputs
from suyuan.streams.stage import Output


def lookups(keys, **columns):
    """Rows of `intake.lookup`."""
    frame = pl.DataFrame({"kind": "product", "key": keys, "asker": 0}, schema=block_schema("lookup"), strict=False)
    return frame.with_columns(**columns)


def sent(output, own_partition=0, partitions=4):
    """[(partition, keys)] of the messages."""
    messages = list(encode_outputs([output], own_partition, partitions))
    assert all(message.topic == output.topic for message in messages)
    blocks = [decode_block(message.value, "lookup") for message in messages]
    assert all(block.columns == list(block_schema("lookup")) for block in blocks)
    return [(message.partition, block["key"].to_list()) for message, block in zip(messages, blocks, strict=True)]


def test_rows_go_by_the_text_of_the_key_and_keep_their_order():
    keys = [f"k{number}" for number in range(50)] + [None, "", "中"]
    found = dict(sent(Output("intake.lookup", lookups(keys), key="key")))
    assert found == {
        partition: [key for key in keys if partition_of(key or "", 4) == partition] for partition in range(4)
    }


def test_a_partition_column_decides_and_is_not_sent():
    output = Output("intake.lookup", lookups(["a", "b", "a"], partition=pl.Series([3, 1, 1])))
    assert sent(output) == [(1, ["b", "a"]), (3, ["a"])]


def test_without_a_key_rows_stay_in_the_stages_own_partition():
    assert sent(Output("intake.lookup", lookups(["a", "b"])), own_partition=2) == [(2, ["a", "b"])]


def test_with_one_partition_there_is_one_message():
    assert sent(Output("intake.lookup", lookups(["a", None, "b"]), key="key"), partitions=1) == [(0, ["a", None, "b"])]


def test_no_rows_are_no_message():
    assert sent(Output("intake.lookup", lookups([]), key="key")) == []


def test_no_message_holds_more_rows_than_a_block_may():
    keys = [str(number) for number in range(2 * MAX_BLOCK_ROWS + 1)]
    blocks = sent(Output("intake.lookup", lookups(keys)))
    assert [len(rows) for _, rows in blocks] == [MAX_BLOCK_ROWS, MAX_BLOCK_ROWS, 1]
    assert [key for _, rows in blocks for key in rows] == keys


def test_columns_that_the_topic_does_not_have_only_route():
    output = Output("intake.lookup", lookups(["a"], route=pl.lit("r")), key="route")
    assert sent(output) == [(partition_of("r", 4), ["a"])]
