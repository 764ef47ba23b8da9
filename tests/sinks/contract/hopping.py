"""Hops repeated are the whole trace; what is outside of a scope is a stub."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.access.scope import EVERYTHING, Division, OutsideScope, Platform, Publisher, Scope
from suyuan.errors import SuyuanError
from suyuan.queries.hops import NodeKey, hop
from suyuan.queries.records import LotKey
from suyuan.queries.tracing import trace_lot, trace_lot_forward, trace_producer, trace_product
from tests.sinks.conftest import emptied
from tests.sinks.contract.views import load
from tests.sinks.rows import GTIN, MAKER, NOW, PLATFORM, SELLER, block, chain, events, lot

few = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = ("a", "b", "c", "d", "e")
THERE = "91650100MATHERE001"
"""a producer of another province, and what is theirs alone: its texts hold this mark"""
MARK = "⟦B⟧"
inputs = st.lists(st.sampled_from(NAMES), max_size=3, unique=True)
markets = st.fixed_dictionaries(dict.fromkeys(NAMES[:4], st.none() | inputs))
ways = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([MAKER, "W", "V"]), st.sampled_from(["W", "V", SELLER])),
    max_size=6,
)
offered = st.lists(st.sampled_from([*NAMES, None]), max_size=4)


def key(name):
    return LotKey(MAKER, GTIN, name)


def shipment(number, name, sender, receiver, maker=MAKER, quantity=7):
    said = {"shipment_id": f"s{number}", "producer_code": maker, "gtin": GTIN, "lot": name}
    return said | {"from_code": sender, "to_code": receiver, "quantity": quantity}


def filled(clickhouse, market, sent, listings):
    emptied(clickhouse)
    lots = [lot(name, *made_of) for name, made_of in market.items() if made_of is not None]
    load(clickhouse, "event.lot", *([events("lot", *lots)] if lots else []))
    shipped = [shipment(number, *way) for number, way in enumerate(sent)]
    load(clickhouse, "event.shipment", *([events("shipment", *shipped)] if shipped else []))
    said = [chain(number, producer_code=MAKER, gtin=GTIN, lot=name) for number, name in enumerate(listings)]
    load(clickhouse, "chain", *([block("chain", *said)] if said else []))


def everything(clickhouse, subject, direction, scope=EVERYTHING):
    """Hop by hop, until nothing is new."""
    nodes, edges, asked, to_ask = {}, {}, set(), [str(subject)]
    while to_ask:
        name = to_ask.pop()
        asked.add(name)
        graph = hop(clickhouse, scope, NodeKey.parse(name), direction)
        if graph is None:
            continue
        nodes |= {node.id: node for node in graph.nodes}
        edges |= {(edge.kind, edge.source, edge.target): edge for edge in graph.edges}
        further = [each.id for each in graph.nodes if each.kind in {"lot", "product"} and not each.outside]
        to_ask += [each for each in further if each not in asked and each not in to_ask]
    return nodes, edges


def lots_of(nodes):
    return {NodeKey.parse(name).lot for name, node in nodes.items() if node.kind == "lot"}


def links_of(edges):
    return {
        (NodeKey.parse(source).lot, NodeKey.parse(target).lot, edge.quantity)
        for (kind, source, target), edge in edges.items()
        if kind == "input"
    }


def links_in(trace):
    return {(link.upstream, link.downstream, link.quantity) for link in trace.links}


def same_forward(nodes, edges, trace):
    assert lots_of(nodes) == {traced.key for traced in trace.lots}
    assert links_of(edges) == links_in(trace)
    held = {
        (*node.key,): (node.detail["received"], node.detail["sent"], node.detail["held"])
        for node in nodes.values()
        if node.kind == "holding"
    }
    assert held == {(*each.lot, each.holder): (each.received, each.sent, each.held) for each in trace.holdings}
    offers = {(target, kind) for kind, _, target in edges if kind in {"certain", "possible"}}
    assert offers == {
        (str(NodeKey("listing", (each.chain["platform_code"], each.chain["listing_id"]))), each.certainty)
        for each in trace.offers
    }


def of(graph, kind):
    return [node for node in graph.nodes if node.kind == kind]


class HoppingContract:
    @few
    @given(market=markets, sent=ways, listings=offered, begin=st.sampled_from(NAMES))
    def test_hops_until_nothing_is_new_are_the_whole_trace(self, clickhouse, market, sent, listings, begin):
        filled(clickhouse, market, sent, listings)
        subject = NodeKey.of_lot(key(begin))
        forward = trace_lot_forward(clickhouse, EVERYTHING, key(begin))
        known = market.get(begin) is not None or forward.links or forward.holdings
        if known or any(each.certainty == "certain" for each in forward.offers):
            same_forward(*everything(clickhouse, subject, "forward"), forward)
        else:
            assert hop(clickhouse, EVERYTHING, subject, "forward") is None
        back = trace_lot(clickhouse, EVERYTHING, key(begin))
        if market.get(begin) is not None:
            nodes, edges = everything(clickhouse, subject, "back")
            assert (lots_of(nodes), links_of(edges)) == ({traced.key for traced in back.lots}, links_in(back))
        whole = hop(clickhouse, EVERYTHING, subject, "back", hops=10)
        if whole is not None:
            assert {node.depth for node in of(whole, "lot")} == {traced.depth for traced in back.lots}
            assert len(whole.cycles) == len(back.cycles)

    @few
    @given(market=markets, sent=ways, listings=offered)
    def test_so_they_are_from_a_product_and_from_a_producer(self, clickhouse, market, sent, listings):
        filled(clickhouse, market, sent, listings)
        if all(made_of is None for made_of in market.values()):
            return
        product = NodeKey("product", (GTIN,))
        same_forward(*everything(clickhouse, product, "forward"), trace_product(clickhouse, EVERYTHING, GTIN))
        producer = NodeKey("producer", (MAKER,))
        same_forward(*everything(clickhouse, producer, "forward"), trace_producer(clickhouse, EVERYTHING, MAKER))

    @pytest.fixture
    def two_worlds(self, clickhouse):
        """Here (33) makes `mine` of `theirs`, and `theirs2` is made of it there (65)."""
        theirs = lot("theirs", maker=THERE, quantity=4711)
        mine = lot("mine") | {"inputs": lot("", "theirs", maker=THERE)["inputs"]}
        onward = lot("theirs2", quantity=4711, maker=THERE) | {"inputs": lot("", "mine")["inputs"]}
        deep = lot("deep", maker=THERE)
        theirs |= {"inputs": lot("", "deep", maker=THERE)["inputs"]}
        load(
            clickhouse,
            "event.lot",
            events("lot", mine, *(each | {"publisher": THERE} for each in (theirs, onward, deep))),
        )
        who = [(MAKER, "厂", "330106"), (THERE, f"远{MARK}", "650100"), (SELLER, "店", "330203")]
        said = [{"code": code, "name": name, "status": "active", "division": division} for code, name, division in who]
        load(clickhouse, "event.entity", events("entity", *(each | {"publisher": "REG"} for each in said)))
        sent = [shipment(1, "mine", MAKER, SELLER), shipment(2, "theirs", THERE, "X", THERE, 4711)]
        load(clickhouse, "event.shipment", events("shipment", *sent))
        recall = {"recall_no": MARK, "producer_code": THERE, "gtin": GTIN, "lots": [], "level": 1, "reason": MARK}
        load(clickhouse, "event.recall", events("recall", recall | {"status": "open", "publisher": THERE}))
        of_mine = {"producer_code": MAKER, "gtin": GTIN, "lot": "mine"}
        of_theirs = {"producer_code": THERE, "gtin": GTIN, "lot": "theirs2", "title": MARK, "seller_code": THERE}
        said = [
            chain(1, **of_mine, seller_division="330203", producer_division="330106"),
            chain(2, platform_code="P2", **of_theirs, seller_division="650100", producer_division="650100"),
        ]
        load(clickhouse, "chain", block("chain", *said))
        return Scope((Division("33"),))

    def test_a_node_outside_is_a_stub_without_quantities_records_or_a_way_on(self, clickhouse, two_worlds):
        back = hop(clickhouse, two_worlds, NodeKey.of_lot(key("mine")), "back", hops=5)
        (stub,) = (node for node in of(back, "lot") if node.outside)
        assert (stub.key, stub.name, stub.division) == ([THERE, GTIN, "theirs"], f"远{MARK}", "650100")
        assert (stub.detail, stub.evidence, stub.more) == ({}, [], None)
        assert {node.key[-1] for node in of(back, "lot")} == {"mine", "theirs"}, "nothing behind the stub"
        forward = hop(clickhouse, two_worlds, NodeKey.of_lot(key("mine")), "forward", hops=5)
        (onward,) = (edge for edge in forward.edges if edge.kind == "input")
        assert (onward.target, onward.quantity, onward.evidence) == (f"lot:{THERE}/{GTIN}/theirs2", None, [])
        whole = hop(clickhouse, EVERYTHING, NodeKey.of_lot(key("mine")), "forward", hops=5)
        (onward,) = (edge for edge in whole.edges if edge.kind == "input")
        assert onward.quantity == 10
        assert {node.key[1] for node in of(whole, "listing")} == {"l1", "l2"}

    def test_no_answer_holds_more_of_the_other_world_than_stubs_do(self, clickhouse, two_worlds):
        for direction in ("back", "forward"):
            nodes, edges = everything(clickhouse, NodeKey.of_lot(key("mine")), direction, two_worlds)
            there = {name: node for name, node in nodes.items() if node.division == "650100"}
            assert there
            assert all(node.outside and not node.detail and not node.evidence for node in there.values())
            assert "4711" not in repr((nodes, edges))
            texts = repr([(node.detail, node.evidence, node.status) for node in nodes.values()])
            assert MARK not in texts

    def test_from_a_node_outside_there_is_nothing(self, clickhouse, two_worlds):
        for subject in (
            NodeKey("lot", (THERE, GTIN, "theirs")),
            NodeKey("entity", (THERE,)),
            NodeKey("producer", (THERE,)),
            NodeKey("listing", ("P2", "l2")),
        ):
            for direction in ("back", "forward"):
                assert hop(clickhouse, two_worlds, subject, direction) is None
                assert hop(clickhouse, Scope((Platform("nobody"), Publisher("nobody"))), subject, direction) is None
        with pytest.raises(OutsideScope):
            hop(clickhouse, Scope(()), NodeKey("entity", (MAKER,)), "back")

    @pytest.mark.usefixtures("two_worlds")
    def test_a_platform_sees_its_listing_among_stubs(self, clickhouse):
        graph = hop(clickhouse, Scope((Platform(PLATFORM),)), NodeKey("listing", (PLATFORM, "l1")), "back", hops=5)
        assert {(node.kind, node.outside) for node in graph.nodes} == {
            ("listing", False),
            ("lot", True),
            ("entity", True),
        }
        assert {(edge.kind, edge.quantity) for edge in graph.edges} == {("certain", None), ("sells", None)}

    @pytest.mark.usefixtures("two_worlds")
    def test_parties_are_asked_after_by_what_they_made_and_were_sent(self, clickhouse):
        seller = hop(clickhouse, EVERYTHING, NodeKey("holder", (SELLER,)), "back")
        assert [(edge.kind, edge.source, edge.quantity) for edge in seller.edges] == [
            ("received", f"lot:{MAKER}/{GTIN}/mine", 7)
        ]
        entity = hop(clickhouse, EVERYTHING, NodeKey("entity", (SELLER,)), "forward")
        assert {edge.kind for edge in entity.edges} == {"received", "sells"}
        maker = hop(clickhouse, EVERYTHING, NodeKey("producer", (MAKER,)), "forward")
        assert [(node.key[-1], node.more) for node in of(maker, "lot")] == [("mine", 4)]

    def test_what_is_beyond_the_limit_is_said_to_be_there(self, clickhouse):
        load(clickhouse, "event.lot", events("lot", lot("L"), *(lot(f"m{number}", "L") for number in range(9))))
        some = hop(clickhouse, EVERYTHING, NodeKey.of_lot(key("L")), "forward", limit=4)
        assert (len([edge for edge in some.edges if edge.kind == "input"]), some.cut) == (4, True)
        assert hop(clickhouse, EVERYTHING, NodeKey.of_lot(key("L")), "forward").cut is False
        with pytest.raises(SuyuanError, match="2,000"):
            hop(clickhouse, EVERYTHING, NodeKey.of_lot(key("L")), "forward", limit=2_001)

    @pytest.mark.usefixtures("two_worlds")
    def test_at_most_three_queries_a_hop(self, clickhouse):
        class Counting:
            asked = 0

            def select(self, *given):
                self.asked += 1
                return clickhouse.select(*given)

        for subject in ("lot:{0}/{1}/mine", "product:{1}", "producer:{0}", "entity:{0}"):
            for direction in ("back", "forward"):
                counting = Counting()
                hop(counting, EVERYTHING, NodeKey.parse(subject.format(MAKER, GTIN)), direction)
                assert 1 <= counting.asked <= 3

    def test_as_it_was_known_and_had_happened(self, clickhouse):
        later = {"occurred_at": NOW + 10, "received_at": NOW + 20}
        load(clickhouse, "event.lot", events("lot", lot("end", "old"), lot("end", "new") | later))
        subject = NodeKey.of_lot(key("end"))
        asked = [{"as_of": NOW + 19}, {"happened_by": NOW + 9}, {"happened_by": NOW + 10}]
        graphs = [hop(clickhouse, EVERYTHING, subject, "back", **moment) for moment in asked]
        assert [{edge.source for edge in graph.edges if edge.kind == "input"} for graph in graphs] == [
            {f"lot:{MAKER}/{GTIN}/{name}"} for name in ("old", "old", "new")
        ]
        assert hop(clickhouse, EVERYTHING, subject, "back", as_of=NOW - 1) is None

    @pytest.mark.parametrize("text", ["lot:a/b", "thing:a", "", "lot:a/b/c/d", "product:", "lot:%/x/y/"])
    def test_what_names_no_node_is_refused(self, text):
        with pytest.raises(SuyuanError, match="names no node"):
            NodeKey.parse(text)

    @given(parts=st.lists(st.text("AB1/%~:").filter(lambda text: {*text} & {*"AB1"}), min_size=2, max_size=2))
    @few
    def test_a_node_is_called_by_one_name(self, parts):
        code, number = parts
        named = NodeKey.parse(str(NodeKey("listing", (code, number))))
        assert str(NodeKey.parse(str(named))) == str(named)
