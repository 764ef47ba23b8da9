"""A trace chain as a tree: who, over which way, what is wrong, and what each part rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from suyuan.cli.drawing.branches import Branch
from suyuan.cli.drawing.words import CLASS_STYLES, VERDICT_STYLES, can_show, class_sign, clean, joined, moment

Row = Mapping[str, Any]

_BAD_STANDING = {
    "revoked",
    "deregistered",
    "suspended",
    "fail",
    "failed",
    "open",
    "expired",
    "invalid",
    "unregistered",
}
_BEFORE_HOPS = ("platform", "seller", "holder")


def draw_chain(chain: Row) -> Branch:
    """`chain`: a row of chains as the queries give it, with nodes, hops and gaps."""
    tree = Branch(_head(chain))
    nodes = list(chain.get("nodes") or ())
    if not nodes:
        tree.add(Text("who and what it consists of is being loaded: ask again in a moment", style="dim"))
    for node in nodes:
        if node["role"] in _BEFORE_HOPS:
            tree.add(_node(node))
    hops = list(chain.get("hops") or ())
    if hops:
        names = {clean(node["id"]): clean(node["name"]) for node in nodes if node.get("name")}
        names.setdefault(clean(chain.get("producer_code")), clean(chain.get("producer_name")))
        way = tree.add(Text(f"custody: {len(hops)} {'hop' if len(hops) == 1 else 'hops'}, producer to seller"))
        for hop in hops:
            way.add(_hop(hop, names))
    for node in nodes:
        if node["role"] not in _BEFORE_HOPS:
            tree.add(_node(node))
    gaps = list(chain.get("gaps") or ())
    if gaps:
        found = tree.add(Text(f"{len(gaps)} {'gap' if len(gaps) == 1 else 'gaps'}", style="bold"))
        for gap in gaps:
            _gap(found, gap)
    else:
        tree.add(Text("no gaps", style="green" if chain["verdict"] == "complete" else ""))
    return tree


def _head(chain: Row) -> Text:
    verdict = clean(chain["verdict"])
    head = Text()
    head.append(verdict.upper(), style=VERDICT_STYLES.get(verdict, ""))
    head.append(f"  {clean(chain.get('title'))}\n", style="bold")
    head.append(f"{clean(chain['platform_code'])} / {clean(chain['listing_id'])}")
    price, sold = chain.get("price_fen"), chain.get("sold_30d")
    if price is not None:
        head.append(f"  {'¥' if can_show('¥') else 'CNY '}{price / 100:,.2f}")
    if sold is not None:
        head.append(f"  {sold:,} sold in 30 days")
    head.append(f"\nlisted {moment(chain.get('listed_at'))}  as of {moment(chain.get('as_of'))}", style="dim")
    return head


def _node(node: Row) -> Text:
    line = Text(f"{clean(node['role'])}: ")
    name = clean(node.get("name"))
    line.append(f"{name} " if name else "", style="bold")
    line.append(clean(node.get("id")), style="" if name else "bold")
    status = clean(node.get("status"))
    if status:
        line.append(f" {status}", style="bold red" if status in _BAD_STANDING else "")
    if node.get("division"):
        line.append(f" {clean(node['division'])}")
    if node.get("evidence"):
        line.append(f"  [{clean(node['evidence'])}]", style="dim")
    return line


def _hop(hop: Row, names: Mapping[str, str]) -> Text:
    line = Text(f"{moment(hop.get('shipped_at'))[:16]}  ")
    for side, arrow in (("from_code", " → "), ("to_code", "  ")):
        code = clean(hop[side])
        line.append(names.get(code) or code, style="bold")
        line.append(arrow)
    line.append(f"{hop['quantity']:,} units  " if hop.get("quantity") is not None else "")
    line.append(f"{clean(hop['shipment_id'])} [{clean(hop.get('evidence'))}]", style="dim")
    return line


def _gap(tree: Branch, gap: Row) -> None:
    kind = clean(gap.get("class"))
    line = Text(f"{class_sign(kind)} {clean(gap['gap'])} ({kind})", style=CLASS_STYLES.get(kind, ""))
    if gap.get("subject"):
        line.append(f"  {clean(gap['subject'])}", style="not bold default")
    if gap.get("detail"):
        line.append(f"\n{clean(gap['detail'])}", style="not bold default")
    branch = tree.add(line)
    if gap.get("evidence"):
        branch.add(Text(f"evidence: {joined(list(gap['evidence']), 8)}", style="dim"))
