"""Findings and alerts of a whole market held against a plain reading, whatever the machine does and whatever people do
meanwhile. Two modules of tests share the markets, so that two processes do.
"""

import random
from collections import Counter, defaultdict

from tests.streams import whole_markets as plain
from tests.streams.results import last_alerts
from tests.streams.world import World


def check_market(seed):
    """That of a seed."""
    events, acts, world = worked(seed)
    chains = plain.chains_of(world)
    assert len(chains) > 4_500

    complaints = plain.complaints_of(events, chains)
    expected = plain.findings_of(chains, complaints)
    assert {name[0] for name in expected} == plain.RULES.keys()
    found = standing_findings(world)
    assert {name: (row["subject"], row["bureau"], row["severity"]) for name, row in found.items()} == {
        name: finding[:3] for name, finding in expected.items()
    }
    bases = {name: row["basis"] for name, row in found.items()}
    listed_at = {name: chains[name[1:]]["listed_at"] for name in found}
    rest_on = {name: (name[0], finding[3]) for name, finding in expected.items()}
    told_apart = {(bases[name], rest_on[name]) for name in expected}
    assert len(told_apart) == len(set(bases.values())) == len(set(rest_on.values()))

    last = last_alerts(world)
    standing = {(row["rule"], row["subject"], row["bureau"]): row for row in last.values() if row["state"] == "raised"}
    alerts = plain.alerts_of(expected, bases, listed_at)
    assert sum(row["state"] == "raised" for row in last.values()) == len(standing)
    assert standing.keys() == alerts.keys()
    done = defaultdict(list)
    for act in acts:
        done[act["alert_id"]].append(act)
    for name, facts in alerts.items():
        row = standing[name]
        assert {column: said(row, column) for column in facts if column != "members"} == {
            column: fact for column, fact in facts.items() if column != "members"
        }
        assert {found[member]["alert_id"] for member in facts["members"]} == {row["alert_id"]}
    members = {standing[name]["alert_id"]: facts["members"] for name, facts in alerts.items()}
    for alert, row in last.items():
        listed = [listed_at[member] for member in members.get(alert, ())]
        handled = plain.handled(done[alert], row, listed)
        assert {column: row[column] for column in handled} == handled
    assert {row["handling"] for row in standing.values()} >= {"open", "assigned", "resolved"}

    covered = Counter()
    for row in standing.values():
        covered[row["rule"], row["subject"]] += row["listings"]
    assert covered == Counter((name[0], finding[0]) for name, finding in expected.items())
    assert max(covered.values()) >= 10


def worked(seed):
    """A market that has been through the stages, half of it before people acted, and nothing after they did once more:
    its events, the acts, the world.
    """
    chance = random.Random(seed)
    events = plain.market(seed)
    sent = [*events, *chance.sample(events, len(events) // 20)]
    chance.shuffle(sent)
    world = World(
        seed % 3 + 1,
        seed,
        crashes=0.1,
        overlaps=0.2,
        slice_rows=chance.choice((500, 4000)),
        batches=chance.choice(((5000,), (2000, 5000), (300, 5000))),
    )
    half = len(sent) // 2
    world.publish_events(sent[:half])
    world.drain()
    acts = list(plain.acts_on(last_alerts(world).values(), chance))
    later = [*sent[half:], *acts, *chance.sample(acts, 10)]
    chance.shuffle(later)
    world.publish_events(later)
    world.drain()
    # of the acts before, most were on what the rest of the market has changed
    more = list(plain.acts_on(last_alerts(world).values(), chance, "later"))
    world.publish_events(chance.sample([*more, *more], 2 * len(more)))
    world.drain()
    return events, [*acts, *more], world


def standing_findings(world):
    """The findings that stand by what their alerts heard, by (rule, platform_code, listing_id); each in one alert."""
    last = {}
    for row in world.rows("finding"):
        name = row["alert_id"], row["finding_id"]
        if name not in last or last[name]["sequence"] <= row["sequence"]:
            last[name] = row
    standing = [row for row in last.values() if row["change"] != "cleared"]
    found = {(row["rule"], row["platform_code"], row["listing_id"]): row for row in standing}
    assert len(found) == len(standing)
    return found


def said(row, column):
    if column == "platforms":
        # one whose last listing has just left is named with none
        return [(each["platform_code"], each["listings"]) for each in row["platforms"] if each["listings"]]
    if column == "newest_listed_on":
        return plain.day_in_china(row["newest_listed_at"])
    return row[column]
