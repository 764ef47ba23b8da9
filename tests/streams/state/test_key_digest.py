"""The digest of a state's keys is kept with the state, so each version must come to the same one."""

from suyuan.streams.state.key_digest import KeyDigest, hashes_of

KEYS = [b"", b"a", b"listing\x1fP\x1f1"]
XXH3_64 = [0x2D06800538D394C2, 0xE6C632B61E964E1F, 0xFFE1DB683CEF9666]
"""as the reference implementation has them, with seed 0"""


def test_keys_are_hashed_as_the_standard_says():
    assert hashes_of(KEYS).tolist() == XXH3_64
    assert hashes_of([]).tolist() == []


def test_it_is_kept_up_to_date_while_keys_come_and_go():
    empty = KeyDigest()
    assert KeyDigest.of(KEYS) == KeyDigest(3, sum(XXH3_64) % 2**64) == KeyDigest.of(KEYS[::-1])
    assert empty.changed(KeyDigest.of(KEYS), empty).changed(empty, KeyDigest.of(KEYS[1:])) == KeyDigest.of(KEYS[:1])
    assert KeyDigest.of(KEYS).changed(empty, KeyDigest.of(KEYS)) == empty
