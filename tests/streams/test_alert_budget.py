"""The shipped rules keep a simulated market within the alert budget, desk by desk and day by day of its calendar."""

from collections import defaultdict

import pytest

from suyuan.domain.alerts.budget import A_DESK_A_DAY
from suyuan.simulation.calendar import moment
from suyuan.simulation.market import START, Market
from tests.streams.whole_markets import day_in_china
from tests.streams.whole_markets import market as market_with_storms
from tests.streams.world import World

EVENTS, AT_ONCE = 5_000, 500
STEP = 5 * 60_000
"""of the market's calendar, an event"""


def ms_of(moment_):
    return moment_ if isinstance(moment_, int) else int(moment_.timestamp() * 1000)


@pytest.mark.parametrize("seed", [1, 7])
def test_no_desk_gets_more_alerts_in_a_day_than_it_can_work_off(seed):
    events = list(Market(seed).events(EVENTS))
    world = World(1, seed, batches=(2000,))
    begins = moment(START, 0)
    for first in range(0, EVENTS, AT_ONCE):
        some = events[first : first + AT_ONCE]
        world.publish_events(some, [begins + STEP * (first + number) for number in range(1, len(some) + 1)])
        world.drain()
    came = defaultdict(set)
    for row in world.rows("alert.state"):
        if row["change"] in ("raised", "moved"):
            came[row["bureau"], day_in_china(ms_of(row["changed_at"]))].add(row["alert_id"])
    assert len({day for _, day in came}) > 10
    assert max(map(len, came.values())) <= A_DESK_A_DAY


def test_a_seller_on_the_list_of_abnormal_operations_is_one_alert_at_a_desk():
    world = World(1, 2, batches=(5000,))
    world.publish_events(market_with_storms(2))
    world.drain()
    listings = defaultdict(int)
    for row in world.rows("alert.state"):
        if row["rule"] == "operations_abnormal":
            listings[row["bureau"], row["subject"], row["alert_id"]] = row["listings"]
    assert len(listings) == len({key[:2] for key in listings})
    assert max(listings.values()) > 100
