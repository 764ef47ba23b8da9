"""Where a lot comes from, and where it went, as trees and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from suyuan.cli.drawing.branches import Branch
from suyuan.cli.drawing.chain import draw_chain
from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import VERDICT_STYLES, clean
from suyuan.runtime.visible import shortened

Row = Mapping[str, Any]
Key = tuple[str, str, str]

_LONGEST = 60
"""columns of the name of a lot"""

_HOLDING = (Column("lot"), Column("holder"), *(Column(name, right=True) for name in ("received", "sent", "held")))
_OFFER = (
    Column("certainty", heading=""),
    Column("platform"),
    Column("listing"),
    Column("verdict"),
    Column("title", "text"),
)


def draw_back(trace: Row) -> RenderableType:
    """The chain, where the trace began with a listing; then the lot with what went into it."""
    parts: list[RenderableType] = []
    if trace.get("chain"):
        parts.append(draw_chain(trace["chain"]))
    if trace["lots"]:
        parts.append(_lineage(trace, "downstream", "upstream"))
    else:
        parts.append(Text("the listing declares no lot: nothing further back is known", style="dim"))
    return Group(*parts, *_cycles(trace))


def draw_forward(trace: Row) -> RenderableType:
    """What was made from it, who holds how much, who sells it."""
    return Group(_lineage(trace, "upstream", "downstream"), *_cycles(trace), _holdings(trace), _offers(trace))


def _lineage(trace: Row, here: str, there: str) -> RenderableType:
    """A tree from each lot where the trace begins; a lot met before is named, not drawn again."""
    lots = {_key(lot["key"]): lot for lot in trace["lots"]}
    links: dict[Key, list[Row]] = {}
    for link in trace["links"]:
        links.setdefault(_key(link[here]), []).append(link)
    drawn: set[Key] = set()
    begin = [key for key, lot in lots.items() if lot["depth"] == 0]
    trees = []
    for key in begin:
        tree = Branch(_lot(lots[key]))
        drawn.add(key)
        stack = [(tree, key)]
        while stack:
            branch, at = stack.pop()
            for link in links.get(at, ()):
                other = _key(link[there])
                text = (
                    _lot(lots[other])
                    if other in lots
                    else Text(" ".join(shortened(clean(part), _LONGEST) for part in other))
                )
                text.append(f"  {link['quantity']:,} units [{clean(link['evidence'])}]", style="dim")
                if other in drawn:
                    text.append("  (see above)", style="dim italic")
                    branch.add(text)
                else:
                    drawn.add(other)
                    stack.append((branch.add(text), other))
        trees.append(tree)
    return Group(*trees)


def _lot(lot: Row) -> Text:
    key, record, producer = lot["key"], lot["record"], lot["producer"]
    line = Text()
    line.append(f"lot {shortened(clean(key['lot']), _LONGEST)}", style="bold")
    line.append(f"  gtin {clean(key['gtin'])}  ")
    line.append(clean(producer["name"]) if producer else "(unregistered)", style="" if producer else "dark_orange")
    line.append(f" {clean(key['producer_code'])}")
    if record is None:
        line.append("  no lot record", style="dark_orange")
    else:
        until = f", expires {clean(record['expires_on'])}" if record.get("expires_on") else ""
        line.append(f"  {record['quantity']:,} made on {clean(record['produced_on'])}{until}", style="dim")
    if lot["inspections"]:
        latest = lot["inspections"][0]
        result = clean(latest["result"])
        line.append(
            f"  inspection {clean(latest['report_no'])}: {result}", style="bold red" if result == "fail" else "green"
        )
    for recall in lot["recalls"]:
        is_open = recall["status"] == "open"
        line.append(
            f"  recall {clean(recall['recall_no'])}, level {recall['level']}, {clean(recall['status'])}",
            style="bold red" if is_open else "dim",
        )
    return line


def _cycles(trace: Row) -> Iterator[Text]:
    for cycle in trace["cycles"]:
        lots = " → ".join(shortened(clean(key["lot"]), _LONGEST) for key in [*cycle, cycle[0]])
        yield Text(f"circle of inputs, not followed: {lots}", style="dark_orange")


def _holdings(trace: Row) -> RenderableType:
    if not trace["holdings"]:
        return Text("nobody is known to hold it", style="dim")
    return Group(Text("who holds it", style="italic"), Records(_HOLDING, map(_holding, trace["holdings"])))


def _holding(each: Row) -> Mapping[str, Value]:
    return {
        "lot": clean(each["lot"]["lot"]),
        "holder": clean(each["holder"]),
        "received": f"{each['received']:,}",
        "sent": f"{each['sent']:,}",
        "held": Text(f"{each['held']:,}", style="bold red" if each["held"] < 0 else ""),
    }


def _offers(trace: Row) -> RenderableType:
    if not trace["offers"]:
        return Text("no active listing of it", style="dim")
    return Group(Text("who sells it", style="italic"), Records(_OFFER, map(_offer, trace["offers"])))


def _offer(offer: Row) -> Mapping[str, Value]:
    chain = offer["chain"]
    verdict = clean(chain["verdict"])
    return {
        "certainty": clean(offer["certainty"]),
        "platform": clean(chain["platform_code"]),
        "listing": clean(chain["listing_id"]),
        "verdict": Text(verdict, style=VERDICT_STYLES.get(verdict, "")),
        "title": clean(chain.get("title")),
    }


def _key(key: Row) -> Key:
    return key["producer_code"], key["gtin"], key["lot"]
