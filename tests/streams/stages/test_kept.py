from suyuan.streams.stages.producer.kept import AT_ONCE, FIRST, pairs_below
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState


def test_pairs_below_many_prefixes_are_all_of_each():
    counts = {b"%04d\x1f" % number: number % 3 for number in range(2 * AT_ONCE + 1)}
    counts |= {b"0007\x1f": FIRST - 1, b"0008\x1f": FIRST, b"0009\x1f": FIRST + 1}
    expected = [[(prefix + b"%03d" % n, b"v") for n in range(count)] for prefix, count in counts.items()]
    pairs = [pair for each in expected for pair in each]
    store = MemoryStore()
    store.write_batch([key for key, _ in pairs[::2]], [value for _, value in pairs[::2]])
    view = PartitionState(store).view()
    view.put_many([key for key, _ in pairs[1::2]], [value for _, value in pairs[1::2]])
    assert list(pairs_below(view, list(counts))) == expected
