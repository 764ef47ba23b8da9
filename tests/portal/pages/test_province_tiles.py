"""The picture of the provinces says what the table says, and has each of them once."""

from __future__ import annotations

import datetime as dt

import pytest

from suyuan.domain.divisions import NATION, provinces
from suyuan.portal.pages.province_tiles import SHADES, size, tiles_of
from suyuan.queries.answers import DivisionFigures


def figures(division, per_10k, serious=None):
    return DivisionFigures(
        division, None, 1, 0, 0, 0, bool(per_10k) if serious is None else serious, 0, 0, per_10k, None
    )


def test_each_province_has_a_tile_of_its_own_place_and_letters():
    tiles = tiles_of([])
    assert sorted(tile.division for tile in tiles) == [
        code for code in provinces(dt.date(2026, 9, 22)) if not NATION.startswith(code)
    ]
    width, height = size()
    places = {(tile.x, tile.y) for tile in tiles if tile.x < width and tile.y < height}
    assert len(places) == len({tile.letters for tile in tiles}) == len(tiles) == 34


@pytest.mark.parametrize(
    ("share", "shade"), [(0.0, 0), (0.1, 1), (24.0, 1), (25.0, 2), (60.0, 3), (75.0, 4), (100.0, SHADES)]
)
def test_a_shade_is_the_share_of_the_most(share, shade):
    tiles = {tile.division: tile for tile in tiles_of([figures("33", share), figures("44", 100.0), figures(None, 900)])}
    assert (tiles["33"].shade, tiles["44"].shade, tiles["11"].shade) == (shade, SHADES, 0)


def test_serious_alerts_where_nothing_is_offered_are_not_told_as_nothing():
    for others, shade in (([figures("44", 1.0)], SHADES), ([], 0)):
        tiles = {tile.division: tile.shade for tile in tiles_of([figures("33", None, 1), *others])}
        assert (tiles["33"], tiles["44"]) == (1, shade)
    assert {tile.shade for tile in tiles_of([figures("33", 0.0)])} == {0}
